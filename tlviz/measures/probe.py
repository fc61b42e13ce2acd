"""The linear probe: how well a linear classifier recognises the classes from features, each image left out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Floats, Ints, balanced_mean, balancing_weights
from tlviz.measures.components import principal_components, standardise

MOST_COMPONENTS = 256
PENALTIES: tuple[float, ...] = tuple(10 ** (half / 2) for half in range(-10, 7))
"""Ridge penalties that are tried, in units of the features' mean eigenvalue."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Balanced leave-one-out accuracy, 0 to 1, its standard error, which images (N,) were right, and the penalty."""

    accuracy: float
    standard_error: float
    correct: NDArray[np.bool_]
    penalty: float


def linear_probe(features: NDArray[np.floating], labels: Ints) -> Probe:
    """Probe features (N, D) for labels (N,).

    Alain & Bengio 2016 (https://arxiv.org/abs/1610.01644), as a ridge regression on one-hot targets in which every
    class weighs alike; the penalty is the one with the least leave-one-out squared error.  Features are first
    equalised, so that a wide stage has no more to learn from than a narrow one.
    """
    return probe_equalised(equalised(features), labels)


def probe_equalised(scores: Floats, labels: Ints) -> Probe:
    """Probe features (N, p) that are equalised already."""
    _, classes = np.unique(labels, return_inverse=True)
    targets = np.eye(int(classes.max()) + 1)[classes]
    weights = balancing_weights(classes)
    ridge = Ridge(scores, targets, weights)
    errors = [ridge.error(penalty * ridge.mean_eigenvalue) for penalty in PENALTIES]
    penalty = PENALTIES[int(np.argmin(errors))]
    guesses = ridge.left_out(penalty * ridge.mean_eigenvalue)
    correct: NDArray[np.bool_] = (guesses - ridge.shares_left_out()).argmax(1) == classes
    return Probe(*balanced_mean(correct, classes), correct, penalty)


def equalised(features: NDArray[np.floating]) -> Floats:
    """Standardise features (N, D) and project them to at most min(256, N / 2) principal components, without labels."""
    scaled = standardise(features)
    most = min(MOST_COMPONENTS, max(1, len(scaled) // 2))
    return scaled if scaled.shape[1] <= most else principal_components(scaled, most)[0]


class Ridge:
    """Weighted ridge regression with an unpenalised intercept, decomposed once for all penalties.

    ``features`` (N, p), ``targets`` (N, C), ``weights`` (N,).
    """

    def __init__(self, features: Floats, targets: Floats, weights: Floats) -> None:
        self._targets, self._weights, self._root = targets, weights, np.sqrt(weights)[:, None]
        centred = (features - weights @ features / weights.sum()) * self._root
        values, axes = np.linalg.eigh(centred.T @ centred)
        self._values: Floats = np.maximum(values, 0)
        self._scores: Floats = centred @ axes
        self._means: Floats = weights @ targets / weights.sum()
        self._moments: Floats = self._scores.T @ (self._root * (targets - self._means))

    @property
    def mean_eigenvalue(self) -> float:
        """The mean eigenvalue of the features' Gram matrix; 1 where they do not vary."""
        return float(self._values.sum()) / max(1, len(self._values)) or 1.0

    def left_out(self, penalty: float) -> Floats:
        """Return what the regression without an image says of it: (N, C).

        The residual is residual / (1 - h), h the diagonal of the hat matrix with the intercept's share.
        """
        shrunk = 1 / (self._values + penalty)
        fitted = self._means + (self._scores @ (shrunk[:, None] * self._moments)) / self._root
        hat = self._weights / self._weights.sum() + (self._scores**2) @ shrunk
        left_out: Floats = self._targets - (self._targets - fitted) / (1 - hat)[:, None]
        return left_out

    def error(self, penalty: float) -> float:
        """Return the weighted squared error of what is said of images left out."""
        return float(self._weights @ ((self._targets - self.left_out(penalty)) ** 2).sum(1))

    def shares_left_out(self) -> Floats:
        """Return the classes' shares among the other images: (N, C).

        Without an image its own class is a little rarer, so a regression that knows nothing guesses against it: at
        high penalties nearly all guesses were wrong.  Taking the shares off leaves what the features say.
        """
        total = self._weights.sum()
        rest = total * self._means - self._weights[:, None] * self._targets
        shares: Floats = rest / (total - self._weights)[:, None]
        return shares
