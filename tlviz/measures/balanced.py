"""Averages in which every class counts alike, with the standard error that paired images allow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def balanced_mean(values: NDArray[np.floating | np.bool_], labels: Ints) -> tuple[float, float]:
    """Return the mean over classes of the classes' means of values (N,), and its standard error.

    Of what was right, as truth values, it is the balanced accuracy; of the differences between two methods on the same
    images it is their difference with the standard error of paired images, far smaller than that of two separate
    accuracies.  Classes are strata: sqrt(sum of var_c / n_c) / C, a class with one image adds nothing, and one in which
    all or none were right what its number of images allows.
    """
    numbers = np.asarray(values, dtype=np.float64)
    present = np.unique(labels)
    members = [numbers[labels == label] for label in present]
    mean = float(np.mean([part.mean() for part in members]))
    is_hits = np.asarray(values).dtype == np.bool_
    spread = math.fsum(_squared_error(part, is_hits) for part in members if len(part) > 1)
    return mean, math.sqrt(spread) / len(present)


def _squared_error(part: Floats, is_hits: bool) -> float:
    """Return the squared standard error of a class's mean; of hits it is not zero where all or none were right.

    There it is what Wilson's interval (1927) has at 0 and 1: half of it is 1 / (2 (n + 1)).
    """
    error = float(part.var(ddof=1)) / len(part)
    return max(error, 1 / (2 * (len(part) + 1)) ** 2) if is_hits else error


def balancing_weights(labels: Ints) -> Floats:
    """Return a weight for each image (N,) with which every class weighs alike and all weigh N together."""
    found, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights: Floats = len(labels) / (len(found) * counts[inverse])
    return weights
