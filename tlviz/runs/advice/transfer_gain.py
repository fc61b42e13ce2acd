"""What the source was worth to a run: its best accuracy beside that of the same network trained from scratch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.paired_runs import compare_pairs, scored
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary

SCRATCH = "from_scratch"
EQUAL = ("model", "data", "seed", "image_size", "fit", "test_share", "folds", "fold", "labels_per_class")
"""Settings that two runs must share so that they learn from and are judged by the same pictures."""
KEPT = (*EQUAL, "optimizer", "batch_size", "epochs", "patience", "augment", "flip", "weight_decay", "dropout", "device")


class Direction(StrEnum):
    """What a comparison with training from scratch says."""

    POSITIVE = "positive transfer"
    NEGATIVE = "negative transfer"
    UNCLEAR = "not distinguishable"


@dataclass(frozen=True, slots=True)
class Transfer:
    """The gain in validation accuracy over the best run from scratch on the same pictures, one standard error of it.

    ``is_distinguishable`` says whether it is more than the noise of the pictures (95%, see ``compare_pairs``).
    """

    scratch_run: str
    scratch_accuracy: float
    scratch_epochs: int
    gain: float
    error: float
    is_distinguishable: bool

    @property
    def direction(self) -> Direction:
        """Return which way the difference points, unless it may be noise."""
        if not self.is_distinguishable:
            return Direction.UNCLEAR
        return Direction.POSITIVE if self.gain > 0 else Direction.NEGATIVE


def compare_with_scratch(summary: RunSummary, others: Iterable[RunSummary]) -> Transfer | None:
    """Compare a run from pretrained weights with the best finished run from scratch on the same pictures.

    None where the run has no accuracy yet or starts at random itself, or where there is no such other run.
    """
    own = scored(summary)
    if own is None or not starts_pretrained(summary):
        return None
    rivals = [other for other in others if _is_yardstick(other, summary)]
    best = max(rivals, key=lambda other: other.best_val_accuracy or 0.0, default=None)
    yardstick_score = scored(best) if best is not None else None
    if best is None or yardstick_score is None:
        return None
    gap = compare_pairs([(own, yardstick_score)])
    return Transfer(best.run, yardstick_score.accuracy, best.epochs_run, gap.gap, gap.error, gap.is_distinguishable)


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
