"""Which of two epochs is the better one."""

from __future__ import annotations

import pytest

from tlviz.finetune.choices import Monitor
from tlviz.finetune.events import Epoch, is_better


@pytest.mark.parametrize(
    ("accuracy", "loss", "by_accuracy", "by_loss"),
    [
        (0.5, 1.0, False, False),  # the same again: the earlier one stays
        (0.5, 0.9, True, True),
        (0.5, 1.1, False, False),
        (0.6, 1.1, True, False),
        (0.4, 0.9, False, True),
    ],
)
def test_better_is_more_accurate_then_less_loss_or_less_loss_alone(
    accuracy: float, loss: float, by_accuracy: bool, by_loss: bool
) -> None:
    best, epoch = Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0), Epoch(2, 1.0, 0.5, loss, accuracy, 1.0, 1.0)
    assert is_better(epoch, best) is by_accuracy
    assert is_better(epoch, best, Monitor.LOSS) is by_loss
    assert is_better(epoch, None)
