"""Whether a network is right as often as its probabilities say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Images whose best guess has a probability above ``low``, up to ``high``: their number, its mean, share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins that hold images, and the expected calibration error: their mean |share right - confidence| by count."""

    bins: tuple[Bin, ...]
    error: float


def calibration(probabilities: NDArray[np.floating], labels: NDArray[np.int64], bins: int = BINS) -> Calibration:
    """Bin images by the probability of their best guess, equal widths (Guo et al. 2017, arXiv:1706.04599).

    ``probabilities`` (n, C), ``labels`` (n,).  Raises ``ValueError`` without images.
    """
    if not len(labels):
        raise ValueError("calibration needs at least one image.")
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = [
        Bin(
            at / bins, (at + 1) / bins, int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())
        )
        for at in range(bins)
        if (inside := places == at).any()
    ]
    error = sum(held.count * abs(held.accuracy - held.confidence) for held in found) / len(labels)
    return Calibration(tuple(found), error)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probabilities (n, C) of logits (n, C)."""
    from scipy import special  # takes a while to import

    shares: NDArray[np.float64] = special.softmax(logits.astype(np.float64), axis=1)
    return shares
