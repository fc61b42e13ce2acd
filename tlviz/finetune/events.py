"""What a run tells while it goes on: plain records that become lines of ``events.jsonl``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tlviz.finetune.param_groups import GroupRow


class StopReason(StrEnum):
    """Why training ended without an error."""

    EPOCHS = "epochs"
    PATIENCE = "patience"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Started:
    """Training is set up: what trains at which rate (read back from the optimizer), on how many images, and where."""

    freeze: int
    groups: list[GroupRow]
    trainable_parameters: int
    frozen_parameters: int
    train_images: int
    validation_images: int
    test_images: int
    device: str


@dataclass(frozen=True, slots=True)
class Progress:
    """One optimizer step is done."""

    epoch: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is done and validated; losses are mean cross-entropy, accuracies fractions; epoch 0 has no training."""

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float
    val_accuracy: float
    duration_s: float
    images_per_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """Training is over."""

    reason: StopReason


Event = Started | Progress | Epoch | Stopped


def is_better(epoch: Epoch, best: Epoch | None) -> bool:
    """Tell whether an epoch beats the best so far: higher validation accuracy, then lower validation loss."""
    return best is None or (epoch.val_accuracy, -epoch.val_loss) > (best.val_accuracy, -best.val_loss)
