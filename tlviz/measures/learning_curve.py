"""How accuracy grows with the number of training images, and what more of them would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 400
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Extrapolated:
    """The accuracy, 0 to 1, to expect with ``images`` training images, and its 90% interval."""

    images: int
    accuracy: float
    low: float
    high: float


def extrapolate(sizes: Sequence[int], accuracies: Sequence[float], judged: int, to: int) -> Extrapolated | None:
    """Return the accuracy to expect with ``to`` training images, from those at three sizes or more.

    The error falls as a power of the number of images (Hestness et al. 2017, https://arxiv.org/abs/1712.00409), a line
    in logarithms; its uncertainty comes from drawing each accuracy anew, 400 times, as seen on ``judged`` images.  An
    accuracy that does not grow is not made to fall.  None with fewer sizes.
    """
    if len(set(sizes)) < FEWEST or judged < 1:
        return None
    generator = np.random.default_rng(0)
    x = np.log(np.asarray(sizes, np.float64))
    drawn = generator.binomial(judged, np.clip(accuracies, 0, 1), size=(DRAWS, len(sizes))) / judged
    floor = 0.5 / judged
    ends = []
    for shares in (np.asarray(accuracies, np.float64), *drawn):
        error = np.log(np.maximum(1 - shares, floor))
        slope, start = np.polyfit(x, error, 1)
        slope = min(float(slope), 0.0)
        start = float(error.mean() - slope * x.mean())
        ends.append(1 - float(np.exp(start + slope * np.log(to))))
    low, high = np.quantile(ends[1:], (0.05, 0.95))
    return Extrapolated(to, min(1.0, max(0.0, ends[0])), max(0.0, float(low)), min(1.0, float(high)))
