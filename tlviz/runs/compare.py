"""What differs between runs: settings, single images, how far their stages moved, what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlviz.finetune.config import SETTINGS
from tlviz.runs.predictions import Answers
from tlviz.runs.summary import RunSummary

UNTOLD = frozenset(row.name for row in SETTINGS.values() if row.of_machine)
"""Settings that name the machine and not the training."""


def differing_settings(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all runs: name to one value a run, None where it has none."""
    names = dict.fromkeys(name for settings in runs for name in settings if name not in UNTOLD)
    values = {name: [settings.get(name) for settings in runs] for name in names}
    return {name: held for name, held in values.items() if any(value != held[0] for value in held[1:])}


@dataclass(frozen=True, slots=True)
class Change:
    """Two runs on the images that validate in both, as positions (n,) into their answers: one array a case.

    ``first`` and ``second`` are the positions of the common images in either run's answers; the others index these two.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    fixed: NDArray[np.int64]
    broken: NDArray[np.int64]
    both_wrong: NDArray[np.int64]
    both_right: NDArray[np.int64]


def change(first: Answers, second: Answers) -> Change:
    """Compare two runs image by image; images are the same where their names are.

    Among the common images the second run is right in as many as ``both_right`` and ``fixed`` together.
    """
    places = {name: at for at, name in enumerate(second.names)}
    pairs = [(at, places[name]) for at, name in enumerate(first.names) if name in places]
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    before, after = first.right[one], second.right[other]
    return Change(
        first=one,
        second=other,
        fixed=np.flatnonzero(~before & after),
        broken=np.flatnonzero(before & ~after),
        both_wrong=np.flatnonzero(~before & ~after),
        both_right=np.flatnonzero(before & after),
    )


def weight_drift(summary: RunSummary) -> dict[str, float]:
    """Return how far each stage's weights were from their start at the best epoch, as a share; {} if not recorded."""
    best = next((epoch for epoch in summary.epochs if epoch["epoch"] == summary.best_epoch), {})
    drift = _numbers(best.get("weight_drift"))
    if drift or summary.best_epoch != 0:
        return drift
    later = next((epoch for epoch in summary.epochs if _numbers(epoch.get("weight_drift"))), {})
    return dict.fromkeys(_numbers(later.get("weight_drift")), 0.0)  # the best weights are the starting ones


def feature_drift(events: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return how far each backbone stage's features are from the pretrained ones at the best epoch: 1 - CKA."""
    gauged = [event for event in events if event.get("event") == "gauged" and event.get("moment") == "best"]
    similarity = _numbers(gauged[-1].get("similarity")) if gauged else {}
    return {stage: max(0.0, 1 - value) for stage, value in similarity.items()}


def mean_drift(drifts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return how far each stage moved on average over the runs that recorded it."""
    stages = dict.fromkeys(stage for drift in drifts for stage in drift)
    held = {stage: [drift[stage] for drift in drifts if stage in drift] for stage in stages}
    return {stage: sum(values) / len(values) for stage, values in held.items()}


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Return which points no other beats, by rising cost: none costs at most as much and gains more, or less for it."""
    order = sorted(range(len(costs)), key=lambda at: (costs[at], -gains[at]))
    front: list[int] = []
    for at in order:
        if not front or gains[at] > gains[front[-1]]:
            front.append(at)
    return front


def _numbers(values: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    return {str(name): float(value) for name, value in values.items() if isinstance(value, int | float)}
