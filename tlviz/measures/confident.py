"""Confident learning: which labels contradict what was learned from the other pictures.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"
(https://arxiv.org/abs/1911.00068).  All functions take out-of-sample probabilities (N, C) and given labels (N,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLEAR = 0.7
"""A margin that is clear enough however sure the classifier usually is."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def class_thresholds(probabilities: Floats, labels: Ints) -> Floats:
    """Return each class's mean self-confidence (C,): its mean probability among its own; infinite without pictures."""
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    own = np.bincount(labels, _own(probabilities, labels), probabilities.shape[1])
    means: Floats = np.divide(own, counts, out=np.full(len(counts), np.inf), where=counts > 0)
    return means


def confident_labels(probabilities: Floats, labels: Ints) -> Ints:
    """Return the likeliest class among those that reach their threshold (N,), -1 where none does."""
    reached = probabilities >= class_thresholds(probabilities, labels) - 1e-12
    return np.where(reached.any(1), np.where(reached, probabilities, -1.0).argmax(1), -1)


def confident_joint(probabilities: Floats, labels: Ints) -> Floats:
    """Return how many pictures of each given label (rows) confidently belong to each class (columns): (C, C).

    Rows are brought to the number of pictures with that label; what is off the diagonal counts as wrong labels.  A
    classifier that errs makes that too many: on clean sets it tells the classifier's errors.
    """
    classes = probabilities.shape[1]
    likely = confident_labels(probabilities, labels)
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[likely >= 0], likely[likely >= 0]), 1.0)
    totals = joint.sum(1, keepdims=True)
    counts = np.bincount(labels, minlength=classes)[:, None]
    shares = np.divide(joint, totals, out=np.eye(classes), where=totals > 0)
    counted: Floats = shares * counts
    return counted


def normalised_margins(probabilities: Floats, labels: Ints) -> Floats:
    """Return how far the given label's probability lies above the likeliest other class's (N,), -1 to 1."""
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    margins: Floats = _own(probabilities, labels) - others.max(1)
    return margins


def contradicted(probabilities: Floats, labels: Ints) -> NDArray[np.bool_]:
    """Return which pictures confidently belong to another class, and by a clear margin (N,).

    They lie off the diagonal of the confident joint, and the margin against their label is as large as the mean margin
    in favour of the labels that win, or ``CLEAR``.  The
    confident joint alone, or pruning by the noise rate that it tells, named over 7% of clean clip art, because it takes
    what the classifier gets wrong for wrong labels.
    """
    margins = normalised_margins(probabilities, labels)
    likely = confident_labels(probabilities, labels)
    winning = margins[margins > 0]
    if not len(winning):
        return np.zeros(len(labels), bool)
    named: NDArray[np.bool_] = (likely >= 0) & (likely != labels) & (margins <= -min(CLEAR, winning.mean()))
    return named


def _own(probabilities: Floats, labels: Ints) -> Floats:
    return probabilities[np.arange(len(labels)), labels]
