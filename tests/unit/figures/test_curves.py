"""Curves hold what they should."""

from __future__ import annotations

from tlviz.figures.curves import plot_curves


def test_curves_hold_the_events_and_mark_the_best() -> None:
    epochs = [
        {"epoch": 0, "train_accuracy": None, "train_loss": None, "val_accuracy": 0.1, "val_loss": 2.0},
        {"epoch": 1, "train_accuracy": 0.5, "train_loss": 1.5, "val_accuracy": 0.6, "val_loss": 1.2},
    ]
    figure = plot_curves(epochs, 1, 10, "run")
    by_name = {(trace.name, trace.yaxis): trace for trace in figure.data}
    assert by_name["validation", "y"].y == (0.1, 0.6)
    assert by_name["training", "y"].x == (1,)
    assert by_name["training", "y2"].y == (1.5,)
    assert by_name["best epoch, kept", "y"].x == (1,)
    assert figure.layout.uirevision == "run"
    assert len(plot_curves([], None, 10, "run").data) == 4
