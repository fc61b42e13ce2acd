"""Training and validation curves of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tlviz.figures.theme import LEGEND_ABOVE, run_colour, share_axis, use_template


def plot_curves(epochs: Sequence[dict[str, Any]], best_epoch: int | None, planned: int, revision: str) -> go.Figure:
    """Draw accuracy and loss over epochs, training dotted and validation solid, the best epoch marked.

    No epochs give the empty axes.  ``epochs`` are the events of a run; ``planned`` fixes the axis, so that nothing
    moves while points arrive; ``revision`` keeps a person's zoom as long as it stays the same.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    for column, measure in ((1, "accuracy"), (2, "loss")):
        for part, dash, name in (("val", "solid", "validation"), ("train", "dot", "training")):
            points = [(e["epoch"], e[f"{part}_{measure}"]) for e in epochs if e.get(f"{part}_{measure}") is not None]
            figure.add_scatter(
                x=[x for x, _ in points],
                y=[y for _, y in points],
                mode="lines+markers",
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                line={"dash": dash, "color": run_colour(0 if part == "val" else 1)},
                hovertemplate=f"epoch %{{x}}<br>{name} {measure} %{{y:.3f}}<extra></extra>",
                row=1,
                col=column,
            )
    _mark_best(figure, epochs, best_epoch)
    figure.update_xaxes(title_text="epoch", range=[-0.3, planned + 0.3], tickformat="d", dtick=max(1, planned // 10))
    figure.update_yaxes(title_text="accuracy", range=[0, 1.02], row=1, col=1, **share_axis())
    figure.update_yaxes(title_text="loss", rangemode="tozero", row=1, col=2)
    figure.update_layout(height=290, uirevision=revision, legend=LEGEND_ABOVE)
    return use_template(figure)


def _mark_best(figure: go.Figure, epochs: Sequence[dict[str, Any]], best_epoch: int | None) -> None:
    best = next((epoch for epoch in epochs if epoch["epoch"] == best_epoch), None)
    if best is None:
        return
    figure.add_scatter(
        x=[best["epoch"]],
        y=[best["val_accuracy"]],
        mode="markers",
        name="best epoch, kept",
        marker={"symbol": "star", "size": 15, "color": run_colour(0), "line": {"width": 1, "color": "white"}},
        hovertemplate="best epoch %{x}<br>validation accuracy %{y:.3f}<extra></extra>",
        row=1,
        col=1,
    )
