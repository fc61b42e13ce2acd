"""Which learning rate a range test suggests."""

from __future__ import annotations

import math
from collections.abc import Sequence

SMOOTHING = 0.9
BLOW_UP = 4.0


def smoothed(losses: Sequence[float]) -> list[float]:
    """Return the exponential average of losses (n,), freed of its bias to the start (Kingma & Ba 2015)."""
    values, mean = [], 0.0
    for step, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        values.append(mean / (1 - SMOOTHING**step))
    return values


def has_blown_up(losses: Sequence[float]) -> bool:
    """Return whether the last of smoothed cross-entropies is not finite, or over 4 times the best one."""
    return not math.isfinite(losses[-1]) or losses[-1] > BLOW_UP * min(losses)


def suggested_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Return the rate in the middle of the longest valley of smoothed losses, or None where they never fall.

    ``rates`` (n,) rise, ``losses`` (n,) belong to them.  Smith 2017 (https://arxiv.org/abs/1506.01186) has the test,
    fastai the valley.  Raises ``ValueError`` where the lengths differ.
    """
    if len(rates) != len(losses):
        raise ValueError(f"A range test needs one loss per rate; got {len(rates)} rates and {len(losses)} losses.")
    valley = longest_valley(losses)
    return rates[valley[len(valley) // 2]] if len(valley) > 1 else None


def longest_valley(losses: Sequence[float]) -> list[int]:
    """Return the positions of the longest falling subsequence of losses (n,), the first and narrowest of equal ones.

    Its members need not be neighbours, so that noise does not cut a valley in two.
    """
    length: list[int] = []
    before: list[int | None] = []
    for number, loss in enumerate(losses):
        higher = [earlier for earlier in range(number) if losses[earlier] > loss]
        best = max(higher, key=lambda earlier: (length[earlier], earlier), default=None)
        length.append(1 if best is None else length[best] + 1)
        before.append(best)
    at: int | None = length.index(max(length)) if length else None
    valley: list[int] = []
    while at is not None:
        valley.append(at)
        at = before[at]
    return valley[::-1]
