"""What an experiment measures: a row for each quantity, which cards name and charts label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from tlviz.diagnose.records import StageProfile
from tlviz.runs.moved import HEAD
from tlviz.runs.source_left import left_in_reading
from tlviz.runs.summary import RunSummary


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a run: its name in cards, its title, whether it is a share of 1, and how it is read."""

    name: str
    title: str
    is_share: bool
    explained: str
    read: Callable[[RunSummary], float | None]


@dataclass(frozen=True, slots=True)
class StageQuantity:
    """A number of a stage: its name in cards, its title, whether it is a share, and how it and its error are read."""

    name: str
    title: str
    is_share: bool
    explained: str
    read: Callable[[StageProfile], float | None]
    error: Callable[[StageProfile], float | None]


def _best_accuracy(run: RunSummary) -> float | None:
    return run.best_val_accuracy


def _last(run: RunSummary, name: str) -> float | None:
    value = run.epochs[-1].get(name) if run.epochs else None
    return float(value) if isinstance(value, int | float) else None


def _gap(run: RunSummary) -> float | None:
    train, val = _last(run, "train_accuracy"), _last(run, "val_accuracy")
    return None if train is None or val is None else train - val


def _source_kept(run: RunSummary) -> float | None:
    readings = [gauge for gauge in run.gauges if gauge.get("moment") == "best"]
    left = left_in_reading(readings[-1]) if readings else None
    if left is None:
        return None
    return 1.0 if left.share is None and not left.pictures else left.share


def _drift(run: RunSummary) -> float | None:
    """Return the mean distance of the backbone's stages from their start, as a share of the starting weights."""
    drift: Mapping[str, Any] = (run.epochs[-1].get("weight_drift") or {}) if run.epochs else {}
    moved = [float(value) for stage, value in drift.items() if stage != HEAD and isinstance(value, int | float)]
    return sum(moved) / len(moved) if moved else None


def _noise(run: RunSummary) -> float | None:
    """Return which share of a step's squared gradient is noise: s / (s + batch size), s the median noise scale.

    McCandlish et al. 2018, "An empirical model of large-batch training".
    """
    scales = [scale for epoch in run.epochs if isinstance(scale := epoch.get("noise_scale"), int | float)]
    size = run.settings.get("batch_size")
    if not scales or not isinstance(size, int) or size < 1:
        return None
    return median(scales) / (median(scales) + size)


def _wobble(run: RunSummary) -> float | None:
    """Return by how much validation accuracy changes from one epoch to the next, on average, after the first."""
    values = [epoch["val_accuracy"] for epoch in run.epochs if epoch["epoch"] >= 1]
    steps = [abs(after - before) for before, after in pairwise(values)]
    return sum(steps) / len(steps) if steps else None


def _epochs_needed(run: RunSummary) -> float | None:
    """Return the first epoch that reaches 95% of the run's best accuracy."""
    best = run.best_val_accuracy
    if best is None:
        return None
    return float(next(epoch["epoch"] for epoch in run.epochs if epoch["val_accuracy"] >= 0.95 * best))


def _count(name: str) -> Callable[[RunSummary], float | None]:
    return lambda run: None if getattr(run, name) is None else float(getattr(run, name))


QUANTITIES: dict[str, Quantity] = {
    row.name: row
    for row in (
        Quantity("val_accuracy", "Validation accuracy", True, "of the best epoch", _best_accuracy),
        Quantity(
            "last_accuracy", "Last accuracy", True, "validation accuracy after the last epoch",
            lambda run: _last(run, "val_accuracy"),
        ),
        Quantity(
            "train_accuracy", "Training accuracy", True, "in the last epoch", lambda run: _last(run, "train_accuracy")
        ),
        Quantity("gap", "Gap", True, "training accuracy less validation accuracy, last epoch", _gap),
        Quantity(
            "source_kept", "Source kept", True, "share of source pictures still named as before, best epoch",
            _source_kept,
        ),
        Quantity("drift", "Drift", True, "how far backbone stages moved, as a share of their starting weights", _drift),
        Quantity("gradient_noise", "Gradient noise", True, "share of a step's squared gradient that is noise", _noise),
        Quantity("wobble", "Wobble", True, "mean change of validation accuracy from epoch to epoch", _wobble),
        Quantity("epochs_needed", "Epochs needed", False, "to 95% of its own best accuracy", _epochs_needed),
        Quantity("epochs_run", "Epochs run", False, "until it ended or was stopped early", _count("epochs_run")),
        Quantity(
            "trainable", "Trainable parameters", False, "weights that training may change",
            _count("trainable_parameters"),
        ),
    )
}  # fmt: skip
"""Every number of a run that a card may name."""


def _none(_: StageProfile) -> float | None:
    return None


STAGE_QUANTITIES: dict[str, StageQuantity] = {
    row.name: row
    for row in (
        StageQuantity(
            "probe", "Probe accuracy", True, "of a linear probe on the stage's features", lambda s: s.probe,
            lambda s: s.probe_se,
        ),
        StageQuantity(
            "random_probe", "Untrained network", True, "the same probe on random weights", lambda s: s.random_probe,
            lambda s: s.random_probe_se,
        ),
        StageQuantity(
            "gain", "Gain", True, "probe accuracy over that of random weights", lambda s: s.gain, lambda s: s.gain_se
        ),
        StageQuantity(
            "behind", "Behind the best stage", True, "in probe accuracy", lambda s: s.behind, lambda s: s.behind_se
        ),
        StageQuantity(
            "shift", "Shift", False, "distance to the source's statistics, in units of noise", lambda s: s.shift, _none
        ),
        StageQuantity("knn", "Nearest neighbours", True, "accuracy", lambda s: s.knn, _none),
        StageQuantity(
            "cka_to_random", "CKA to random", False, "similarity to the untrained stage", lambda s: s.cka_to_random,
            _none,
        ),
    )
}  # fmt: skip
"""Every number of a stage that a card may name."""
