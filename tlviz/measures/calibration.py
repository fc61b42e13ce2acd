"""Whether a network is right as often as its probabilities say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.accuracy import interval
from tlviz.measures.paired import LEVEL

MOST_BINS = 10
LEAST_IMAGES = 15
"""A bin holds at least about this many: with them a share of one half is known to 13 points."""
_FEWEST_DRAWS, _MOST_DRAWS, _MOST_DRAWN = 100, 1000, 5_000_000


@dataclass(frozen=True, slots=True)
class Bin:
    """Images whose best guess has a probability from ``low`` to ``high``: their number, its mean, share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    @property
    def errors(self) -> tuple[float, float]:
        """Return how far the share right may be too high and too low: one standard error (Wilson 1927)."""
        low, high = interval(self.accuracy, self.count)
        return self.accuracy - low, high - self.accuracy


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins, and the expected calibration error: their mean |share right - confidence| by count.

    ``by_chance`` is the error that a perfectly calibrated network would show on as few images, on average, and
    ``chance_high`` what it would stay below in 95% of cases.
    """

    bins: tuple[Bin, ...]
    error: float
    by_chance: float
    chance_high: float

    @property
    def images(self) -> int:
        """Return how many images were judged."""
        return sum(held.count for held in self.bins)

    @property
    def is_off(self) -> bool:
        """Return whether the error is more than chance makes of a perfectly calibrated network (95%)."""
        return self.error > self.chance_high


def calibration(probabilities: NDArray[np.floating], labels: NDArray[np.int64], most: int = MOST_BINS) -> Calibration:
    """Bin images by the probability of their best guess into bins of equally many, at least about 15, at most ``most``.

    The error is that of Guo et al. 2017 (arXiv:1706.04599), with equally filled bins as Nixon et al. 2019
    (arXiv:1904.01685) ask for; what chance makes of it is drawn as Broecker & Smith 2007 ("Increasing the reliability
    of reliability diagrams"): each guess is right as often as its probability says.  ``probabilities`` (n, C),
    ``labels`` (n,).  Raises ``ValueError`` without images.
    """
    if not len(labels):
        raise ValueError("calibration needs at least one image.")
    top = probabilities.max(1)
    order = np.argsort(top, kind="stable")
    confidence, right = top[order].astype(np.float64), (probabilities.argmax(1) == labels)[order]
    edges = _edges(confidence, max(1, min(most, len(labels) // LEAST_IMAGES)))
    found = tuple(
        Bin(
            float(confidence[low]),
            float(confidence[high - 1]),
            high - low,
            float(confidence[low:high].mean()),
            float(right[low:high].mean()),
        )
        for low, high in pairwise(edges)
    )
    draws = max(_FEWEST_DRAWS, min(_MOST_DRAWS, _MOST_DRAWN // len(labels)))
    drawn = np.random.default_rng(0).random((draws, len(labels))) < confidence
    chance = _error(drawn - confidence, edges)
    (error,) = _error((right - confidence)[None], edges)
    return Calibration(found, float(error), float(chance.mean()), float(np.quantile(chance, 1 - LEVEL)))


def _edges(confidence: NDArray[np.float64], bins: int) -> list[int]:
    """Return where bins of sorted values (n,) begin, and n; equal values stay together, so that no order matters."""
    starts = np.flatnonzero(np.diff(confidence, prepend=-1.0))
    count = len(confidence)
    wanted = [count * at // bins for at in range(1, bins)]
    possible = [*starts.tolist(), count]
    return sorted({0, count, *(min(possible, key=lambda start: abs(start - at)) for at in wanted)})


def _error(off: NDArray[np.float64], edges: list[int]) -> NDArray[np.float64]:
    """Return the calibration error (m,) of what guesses are right less their probability (m, n), by bins."""
    gaps = np.add.reduceat(off, edges[:-1], axis=1)
    error: NDArray[np.float64] = np.abs(gaps).sum(1) / off.shape[1]
    return error


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probabilities (n, C) of logits (n, C)."""
    from scipy import special  # takes a while to import

    shares: NDArray[np.float64] = special.softmax(logits.astype(np.float64), axis=1)
    return shares
