"""The curve that the events of a run make."""

from __future__ import annotations

import pytest

from tlviz.runs.curves import make_curve


def epoch(number: int, accuracy: float, loss: float) -> dict[str, object]:
    return {"event": "epoch", "epoch": number, "val_accuracy": accuracy, "val_loss": loss, "duration_s": 2.0}


@pytest.mark.parametrize(("by_loss", "expected"), [(False, 2), (True, 1)])
def test_the_best_epoch_is_the_first_of_equals(by_loss: bool, expected: int) -> None:
    told = [epoch(0, 0.1, 2.0), epoch(1, 0.4, 0.5), epoch(2, 0.5, 1.0), epoch(3, 0.5, 1.0), epoch(4, 0.4, 0.5)]
    curve = make_curve(told, by_loss)
    assert curve.best is not None
    assert curve.best.epoch == expected
    assert [point.seconds for point in curve.points] == [2, 4, 6, 8, 10]
    assert not curve.has_ended
