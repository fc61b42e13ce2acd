"""Which classes are taken for which, and how well each is recognised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def confusion_matrix(labels: Counts, guesses: Counts, classes: int) -> Counts:
    """Return counts (C, C): row the label, column the guess, of labels (n,) and guesses (n,)."""
    return np.bincount(labels * classes + guesses, minlength=classes**2).reshape(classes, classes)


def f1_scores(matrix: Counts) -> NDArray[np.float64]:
    """Return each class's F1, (C,), 0 to 1, of counts (C, C); NaN for a class that is neither label nor guess.

    F1 is 2 hits / (labels + guesses), the harmonic mean of precision and recall.
    """
    occurrences = matrix.sum(0) + matrix.sum(1)
    with np.errstate(invalid="ignore"):
        return np.where(occurrences > 0, 2 * np.diag(matrix) / occurrences, np.nan)


def worst_classes(matrices: Sequence[NDArray[np.int64]], most: int) -> list[int]:
    """Return the classes (C' of C) with the most errors, from and to them, in their order; all where they are few."""
    count = len(matrices[0])
    errors = np.sum([matrix.sum(0) + matrix.sum(1) - 2 * matrix.diagonal() for matrix in matrices], axis=0)
    if count <= most:
        return list(range(count))
    return sorted(np.argsort(-errors, kind="stable")[:most].tolist())
