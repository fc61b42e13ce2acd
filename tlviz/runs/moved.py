"""How far a run's stages moved, in a sentence: a function of the numbers on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

HEAD = "head"
ALIKE = 1.5
"""Stages, or halves of the network, that moved less than this many times as far as one another moved alike."""


def moved_in_words(epochs: Sequence[Mapping[str, Any]], *, pretrained: bool) -> str:
    """Say which stages moved most by the last epoch that measured it, and whether early or late ones did.

    What that means for the source's features is said of a run from ``pretrained`` weights.
    """
    measured = [epoch["weight_drift"] for epoch in epochs if isinstance(epoch.get("weight_drift"), Mapping)]
    drift = {str(stage): value for stage, value in (measured[-1] if measured else {}).items() if _is_number(value)}
    backbone = {stage: float(value) for stage, value in drift.items() if stage != HEAD}
    moved = {stage: value for stage, value in backbone.items() if value > 0}
    if not backbone:
        return "No backbone stage was measured."
    if not moved:
        return "No backbone stage moved: only the head was trained."
    most = max(moved, key=moved.__getitem__)
    if len(moved) == 1:
        return f"Only {most} moved, by {_share(moved[most])} of its weights; every other backbone stage stayed."
    least = min(moved, key=moved.__getitem__)
    stayed = len(backbone) - len(moved)
    still = f" {_stages(stayed)} did not move." if stayed else ""
    if moved[most] < ALIKE * moved[least]:
        return f"All that moved moved alike, by {_share(moved[least])} to {_share(moved[most])}.{still}"
    words = f"{most} moved most, by {_share(moved[most])} of its weights, {least} least, by {_share(moved[least])}. "
    return words + _early_or_late(list(moved.values()), pretrained=pretrained) + still


def _early_or_late(values: Sequence[float], *, pretrained: bool) -> str:
    """Compare the earlier half of the stages that moved with the later half; one in the middle belongs to neither."""
    half = len(values) // 2
    early, late = mean(values[:half]), mean(values[-half:])
    if late >= ALIKE * early:
        meaning = ": the early features, the general ones, were kept best" if pretrained else ""
        return f"Later stages moved {_times(late / early)} as far as earlier ones{meaning}."
    if early >= ALIKE * late:
        meaning = (
            ", though early features are usually the general ones: freeze more stages, or let the rate fall towards "
            "the stem, to keep them"
        )
        return f"Earlier stages moved {_times(early / late)} as far as later ones{meaning if pretrained else ''}."
    return "Earlier and later stages moved about equally far."


def _share(value: float) -> str:
    return f"{value:.1%}" if value >= 0.001 else "under 0.1%"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:.0f} times"


def _stages(count: int) -> str:
    return "1 stage" if count == 1 else f"{count} stages"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
