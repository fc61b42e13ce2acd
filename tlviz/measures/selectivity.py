"""Class selectivity: whether a channel prefers one class or answers to all alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def class_selectivity(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (mu_max - mu_rest) / (mu_max + mu_rest) for each channel, 0 (no preference) to 1 (one class alone).

    ``means`` (C, K) are mean activations for K classes, none negative: of signed activations, take the mean of the
    positive part, because the ratio has no meaning for others.  mu_rest is the mean over the other classes.  A channel
    that is zero for every class has no preference to speak of and gives NaN.  Source: Morcos et al. 2018
    (https://arxiv.org/abs/1803.06959).  Raises ``ValueError`` for negative means and for fewer than two classes.
    """
    if means.ndim != 2 or means.shape[1] < 2:
        raise ValueError(f"means have the shape {means.shape}; they must be (channels, two classes or more)")
    if (means < 0).any():
        raise ValueError("means of activations are negative; take the mean of the positive part")
    largest = means.max(1)
    rest = (means.sum(1) - largest) / (means.shape[1] - 1)
    total = largest + rest
    selectivity: NDArray[np.float64] = np.full(len(means), np.nan)
    np.divide(largest - rest, total, out=selectivity, where=total > 0)
    return selectivity
