"""What the source was worth to a run: its best accuracy beside that of the same network trained from scratch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.strategies import STRATEGIES
from tlviz.measures.accuracy import standard_error
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary

SCRATCH = "from_scratch"
EQUAL = ("model", "data", "seed", "image_size", "fit", "test_share", "folds", "fold", "labels_per_class")
"""Settings that two runs must share so that they learn from and are judged by the same pictures."""
KEPT = (*EQUAL, "optimizer", "batch_size", "epochs", "patience", "augment", "flip", "weight_decay", "dropout", "device")


class Worth(StrEnum):
    """What a comparison with training from scratch says."""

    POSITIVE = "positive transfer"
    NEGATIVE = "negative transfer"
    UNCLEAR = "not distinguishable"


@dataclass(frozen=True, slots=True)
class Transfer:
    """The gain in validation accuracy over the best run from scratch, with the standard error of that difference.

    The error takes both accuracies as independent, which is too large rather than too small on the same pictures.
    """

    scratch_run: str
    scratch_accuracy: float
    scratch_epochs: int
    gain: float
    error: float

    @property
    def worth(self) -> Worth:
        """Return which way the difference points, unless it is within one standard error."""
        if abs(self.gain) <= self.error:
            return Worth.UNCLEAR
        return Worth.POSITIVE if self.gain > 0 else Worth.NEGATIVE


def compare_with_scratch(summary: RunSummary, others: Iterable[RunSummary]) -> Transfer | None:
    """Compare a run from pretrained weights with the best finished run from scratch on the same pictures.

    None where the run has no accuracy yet or starts at random itself, or where there is no such other run.
    """
    told = summary.start_event.get("validation_images")
    images = told if isinstance(told, int) else 0
    own = summary.best_val_accuracy
    if own is None or images < 1 or not starts_pretrained(summary):
        return None
    rivals = [other for other in others if _is_yardstick(other, summary)]
    best = max(rivals, key=lambda other: other.best_val_accuracy or 0.0, default=None)
    if best is None or best.best_val_accuracy is None:
        return None
    error = math.hypot(*(standard_error(share, images) for share in (own, best.best_val_accuracy)))
    return Transfer(best.run, best.best_val_accuracy, best.epochs_run, own - best.best_val_accuracy, error)


def starts_pretrained(summary: RunSummary) -> bool:
    """Return whether a run began with pretrained weights."""
    return summary.strategy in STRATEGIES and STRATEGIES[summary.strategy].pretrained


def yardstick(config: FinetuneConfig) -> FinetuneConfig:
    """Return the settings of a run from scratch on the same pictures, with the same budget."""
    values = config.to_json()
    kept = {name: getattr(config, name) for name in KEPT if name in values and name not in ("model", "data")}
    return configure(config.model, config.data, SCRATCH, **kept)


def _is_yardstick(other: RunSummary, summary: RunSummary) -> bool:
    return (
        other.status is Status.FINISHED
        and other.strategy == SCRATCH
        and other.best_val_accuracy is not None
        and all(other.settings.get(name) == summary.settings.get(name) for name in EQUAL)
    )
