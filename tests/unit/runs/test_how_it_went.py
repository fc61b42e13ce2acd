"""The sentence about a run follows from its numbers, branch by branch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tlviz.finetune.config import configure
from tlviz.runs.how_it_went import how_it_ended, how_it_went, what_curves_show
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary, summarise


@pytest.mark.parametrize(
    ("status", "last", "planned", "better", "words"),
    [
        (Status.FINISHED, 10, 10, 4, "Ran all 10 epochs."),
        (Status.FINISHED, 1, 1, 1, "Ran its one epoch."),
        (Status.FINISHED, 8, 20, 3, "Stopped at epoch 8: no better for 5 epochs."),
        (Status.FINISHED, 2, 20, 2, "Ended at epoch 2 of 20."),
        (Status.STOPPED, 8, 20, 3, "Stopped after epoch 8 of 20, before its end."),
        (Status.FAILED, 8, 20, 3, "Broke off after epoch 8 of 20."),
        (Status.LOST, 8, 20, 3, "Broke off after epoch 8 of 20."),
    ],
)
def test_why_it_ended(status: Status, last: int, planned: int, better: int, words: str) -> None:
    assert how_it_ended(status, last, planned=planned, patience=5, better=better) == words


def curves(
    accuracies: Sequence[float], val: Sequence[float] | None = None, train: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    """Return epochs from 0 on; losses fall where none are given."""
    count = len(accuracies)
    falling = [2.0 - 1.5 * at / max(1, count - 1) for at in range(count)]
    val, train = val or falling, train or falling
    return [
        {"epoch": at, "val_accuracy": accuracies[at], "val_loss": val[at], "train_loss": train[at] if at else None}
        for at in range(count)
    ]


@pytest.mark.parametrize(
    ("epochs", "best", "words"),
    [
        (curves([0.2, 0.5, 0.8]), 2, "It was still improving at its last epoch: more epochs may help."),
        (
            curves([0.2, 0.5, 0.8, 0.81]),
            3,
            "Its last epoch is its best, by 1.0 points, less than one standard error (4.2",
        ),
        (curves([0.2, 0.8, 0.8]), 2, "Its accuracy has not risen since epoch 1; only its loss still falls."),
        (curves([0.2, 1.0, 1.0]), 2, "It has named every validation image rightly since epoch 1; only its loss"),
        (
            curves([0.2, 0.8, 0.79]),
            1,
            "It levelled off at epoch 1: the last epoch is 1.0 points below, no more than",
        ),
        (curves([0.2, 0.8, 0.5]), 1, "It fell after epoch 1, from 80.0% to 50.0% at the end; the best epoch is kept."),
        (
            curves([0.2, 0.8, 0.7, 0.7], val=[2.0, 0.5, 0.7, 0.9], train=[2.0, 0.5, 0.3, 0.1]),
            1,
            "It over-fits after epoch 1: the validation loss rises from 0.50 to 0.90 while the training loss still",
        ),
        (
            curves([0.2, 0.8, 0.8, 0.8], val=[2.0, 0.500, 0.51, 0.515], train=[2.0, 0.5, 0.3, 0.1]),
            1,
            "It levelled off at epoch 1",  # a rise of three hundredths is no sign
        ),
        (
            curves([0.2, 0.8, 0.8, 0.8], val=[2.0, 0.5, 0.7, 0.9], train=[2.0, 0.5, 0.5, 0.5]),
            1,
            "It levelled off at epoch 1",  # nothing is learnt by heart
        ),
        (curves([0.5, 0.4, 0.4]), 0, "Never better than epoch 0, before training: what was trained did not help here"),
        (
            curves([0.5, 0.2, 0.2], train=[1.0, 1.0, 3.0]),
            0,
            "Never better than epoch 0, before training; the training loss rose from 1.00 to 3.00: the learning rates",
        ),
        (curves([0.1, 0.5, 0.2], train=[1.0, 1.0, 3.0]), 1, "The training loss rose from 1.00 to 3.00: the learning"),
        (curves([0.1]), 0, "No epoch was trained."),
    ],
)
def test_what_the_curves_show(epochs: list[dict[str, Any]], best: int, words: str) -> None:
    assert what_curves_show(epochs, best, images=100, by_loss=False).startswith(words)


def test_the_least_loss_may_come_before_the_best_accuracy() -> None:
    epochs = curves([0.2, 0.7, 0.9], val=[2.0, 0.50, 0.51])
    told = what_curves_show(epochs, 1, images=100, by_loss=True)
    assert told == "Its loss was least at epoch 1, though accuracy rose on, to 90.0% at the end."


def run_of(told: list[dict[str, Any]], *more: dict[str, Any], **chosen: Any) -> RunSummary:
    run = create_run("finetune", "x", configure("squeezenet1_1", "photos", "full", **chosen).to_json())
    base = {"event": "epoch", "duration_s": 1.0, "images_per_s": 9.0}
    events = [{"event": "started", "validation_images": 100}, *(base | epoch for epoch in told), *more]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))
    return summarise(run)


END = {"event": "finished", "status": "finished"}


def test_a_run_is_told_when_it_is_over_and_has_trained() -> None:
    epochs = curves([0.2, 0.8, *[0.79] * 5])
    told = how_it_went(run_of(epochs, END, epochs=20))
    assert told == (
        "Stopped at epoch 6: no better for 5 epochs. It levelled off at epoch 1: the last epoch is 1.0 points below, "
        "no more than two standard errors (8.6 points)."
    )
    assert how_it_went(run_of(epochs[:1], END)) == ""
    assert how_it_went(run_of([], END)) == ""


def test_patience_counts_from_the_last_unfreezing_on() -> None:
    epochs = curves([0.2, 0.8, *[0.79] * 6])
    opened = {"event": "unfrozen", "epoch": 3}
    assert how_it_went(run_of(epochs, opened, END, epochs=20)).startswith("Stopped at epoch 7: no better for 5 epochs.")
