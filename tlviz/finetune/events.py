"""What a run tells while it goes on: plain records that become lines of ``events.jsonl``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tlviz.finetune.choices import Monitor
from tlviz.finetune.param_groups import GroupRow


class StopReason(StrEnum):
    """Why training ended without an error."""

    EPOCHS = "epochs"
    PATIENCE = "patience"
    REQUEST = "request"
    RUNG = "rung"
    """It was to go on to this epoch for now; a later session takes it up again."""


@dataclass(frozen=True, slots=True)
class Started:
    """Training is set up: what trains at which rate (read back from the optimizer), on how many images, and where.

    ``freeze`` counts the first frozen stages, ``frozen`` names all; ``switches`` are the epochs at which more is
    unfrozen; ``note`` says what becomes of the frozen stages' outputs.
    """

    freeze: int
    frozen: list[str]
    switches: list[int]
    groups: list[GroupRow]
    trainable_parameters: int
    frozen_parameters: int
    train_images: int
    validation_images: int
    test_images: int
    device: str
    note: str


@dataclass(frozen=True, slots=True)
class Unfrozen:
    """From this epoch on, other stages are frozen; the groups are read back from the new optimizer."""

    epoch: int
    frozen: list[str]
    groups: list[GroupRow]
    trainable_parameters: int
    frozen_parameters: int
    note: str


@dataclass(frozen=True, slots=True)
class Progress:
    """One optimizer step is done."""

    epoch: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is done and validated; losses are mean cross-entropy, accuracies fractions; epoch 0 has no training.

    By stage name: ``rates`` of the last step, mean ``gradient_norms`` of the steps, ``weight_drift`` as a share of the
    starting weights.  ``noise_scale`` is in images, None where the noise hides the gradient.  ``val_hits`` says which
    validation images were named rightly, as ``pack_hits`` writes it; ``shared_s`` is what it would have taken longer
    had no earlier session left what the frozen stages compute.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float
    val_accuracy: float
    duration_s: float
    images_per_s: float
    val_macro_f1: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    gradient_norms: Mapping[str, float] = field(default_factory=dict)
    noise_scale: float | None = None
    weight_drift: Mapping[str, float] = field(default_factory=dict)
    memory_mb: float | None = None
    val_hits: str = ""
    shared_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stopped:
    """Training is over."""

    reason: StopReason


Event = Started | Unfrozen | Progress | Epoch | Stopped


def is_better(epoch: Epoch, best: Epoch | None, monitor: Monitor = Monitor.ACCURACY) -> bool:
    """Return whether an epoch beats the best so far: in validation accuracy, then loss; or in loss alone."""
    if best is None:
        return True
    if monitor is Monitor.LOSS:
        return epoch.val_loss < best.val_loss
    return (epoch.val_accuracy, -epoch.val_loss) > (best.val_accuracy, -best.val_loss)
