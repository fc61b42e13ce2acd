"""What a run reached, by hand."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat
from tlviz.runs.summary import summarise

EPOCH = {"event": "epoch", "time": 1.0, "train_loss": 1.0, "train_accuracy": 0.5, "duration_s": 1.0}


def make(*events: dict[str, object], beat: Heartbeat | None = None) -> RunFolder:
    run = create_run("finetune", "test", {"model": "m", "data": "d", "strategy": "full"})
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    if beat:
        (run.path / "heartbeat").write_text(json.dumps(asdict(beat)), encoding="utf-8")
    return run


def epoch(number: int, accuracy: float, loss: float) -> dict[str, object]:
    return EPOCH | {"epoch": number, "val_accuracy": accuracy, "val_loss": loss, "images_per_s": 10.0 * number}


def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss() -> None:
    run = make(epoch(0, 0.2, 2.0), epoch(1, 0.8, 1.0), epoch(2, 0.8, 0.5), epoch(3, 0.8, 0.5), epoch(4, 0.7, 0.1))
    summary = summarise(run)
    assert (summary.best_epoch, summary.best_val_accuracy, summary.epochs_run) == (2, 0.8, 4)
    assert summary.images_per_s == pytest.approx(25)
