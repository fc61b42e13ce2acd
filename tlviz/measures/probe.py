"""The linear probe: how well a linear classifier recognises the classes from features, each image left out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Floats, Ints, balanced_mean, balancing_weights
from tlviz.measures.components import principal_components, standardise

MOST_COMPONENTS = 256
NOTHING = 1e-9
"""Evidence below this is rounding."""
PENALTIES: tuple[float, ...] = tuple(10 ** (half / 2) for half in range(-10, 7))
"""Ridge penalties that are tried, in units of the features' mean eigenvalue."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Balanced leave-one-out accuracy, 0 to 1, its standard error, which images (N,) were right, and the penalty."""

    accuracy: float
    standard_error: float
    correct: NDArray[np.bool_]
    penalty: float


def linear_probe(features: NDArray[np.floating], labels: Ints, groups: Ints | None = None) -> Probe:
    """Probe features (N, D) for labels (N,); images of one group (N,) are left out together.

    Alain & Bengio 2016 (https://arxiv.org/abs/1610.01644), as a ridge regression on one-hot targets in which every
    class weighs alike; the penalty is the one with the least leave-one-out squared error.  Features are first
    equalised, so that a wide stage has no more to learn from than a narrow one.
    """
    return probe_equalised(equalised(features), labels, groups)


def probe_equalised(scores: Floats, labels: Ints, groups: Ints | None = None) -> Probe:
    """Probe features (N, p) that are equalised already.

    Where no penalty brings the error on images left out below that of the classes' shares alone, the features say
    nothing: every guess is then the first class, which is chance.  (Leaving one out would make it less than chance:
    without an image the others speak a little against its class.)
    """
    _, classes = np.unique(labels, return_inverse=True)
    targets = np.eye(int(classes.max()) + 1)[classes]
    weights = balancing_weights(classes)
    ridge = Ridge(scores, targets, weights, groups)
    errors = [ridge.error(penalty * ridge.mean_eigenvalue) for penalty in PENALTIES]
    penalty = PENALTIES[int(np.argmin(errors))]
    evidence = ridge.left_out(penalty * ridge.mean_eigenvalue) - ridge.shares_left_out()
    is_silent = min(errors) >= (1 - NOTHING) * ridge.error_of_shares()
    if is_silent:
        evidence[:] = 0.0
    evidence[np.abs(evidence) < NOTHING] = 0.0
    correct: NDArray[np.bool_] = evidence.argmax(1) == classes
    accuracy, error = balanced_mean(correct, classes)
    if is_silent:  # always the same guess does not vary, what guessing would have given does
        error = max(error, float(np.sqrt(accuracy * (1 - accuracy) / len(classes))))
    return Probe(accuracy, error, correct, penalty)


def equalised(features: NDArray[np.floating]) -> Floats:
    """Standardise features (N, D) and project them to at most min(256, N / 2) principal components, without labels."""
    scaled = standardise(features)
    most = min(MOST_COMPONENTS, max(1, len(scaled) // 2))
    return scaled if scaled.shape[1] <= most else principal_components(scaled, most)[0]


class Ridge:
    """Weighted ridge regression with an unpenalised intercept, decomposed once for all penalties.

    ``features`` (N, p), ``targets`` (N, C), ``weights`` (N,); images of one group (N,) are left out together.
    """

    def __init__(self, features: Floats, targets: Floats, weights: Floats, groups: Ints | None = None) -> None:
        self._groups = [] if groups is None else shared_groups(groups)
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
        """Return what the regression without an image, and without the others of its group, says of it: (N, C).

        The residual is residual / (1 - h), h the diagonal of the hat matrix with the intercept's share; of a group
        together it is (I - H)^-1 residuals, H its block of the hat matrix.
        """
        shrunk = 1 / (self._values + penalty)
        fitted = self._means + (self._scores @ (shrunk[:, None] * self._moments)) / self._root
        hat = self._weights / self._weights.sum() + (self._scores**2) @ shrunk
        residuals: Floats = (self._targets - fitted) / (1 - hat)[:, None]
        for rows in self._groups:
            scores, root = self._scores[rows], self._root[rows]
            block = root * root.T / self._weights.sum() + (scores * shrunk) @ scores.T
            together = np.linalg.solve(np.eye(len(rows)) - block, root * (self._targets[rows] - fitted[rows]))
            residuals[rows] = together / root
        return self._targets - residuals

    def error(self, penalty: float) -> float:
        """Return the weighted squared error of what is said of images left out."""
        return float(self._weights @ ((self._targets - self.left_out(penalty)) ** 2).sum(1))

    def error_of_shares(self) -> float:
        """Return the weighted squared error of guessing the classes' shares among the other images."""
        return float(self._weights @ ((self._targets - self.shares_left_out()) ** 2).sum(1))

    def shares_left_out(self) -> Floats:
        """Return the classes' shares among the other images: (N, C).

        Without an image its own class is a little rarer, so a regression that knows nothing guesses against it: at
        high penalties nearly all guesses were wrong.  Taking the shares off leaves what the features say.
        """
        total = self._weights.sum()
        own, weights = self._weights[:, None] * self._targets, self._weights.copy()
        for rows in self._groups:
            own[rows], weights[rows] = own[rows].sum(0), weights[rows].sum()
        shares: Floats = (total * self._means - own) / (total - weights)[:, None]
        return shares


def shared_groups(groups: Ints) -> list[Ints]:
    """Return the positions of each group (N,) that has more than one image."""
    order = np.argsort(groups, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return [part for part in parts if len(part) > 1]
