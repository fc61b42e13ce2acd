"""Nearest neighbours: how often most of the images that look alike to a stage have the same label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tlviz.measures.balanced import Ints
from tlviz.measures.components import rounding

NEIGHBOURS = 20


def knn_correct(
    features: NDArray[np.floating], labels: Ints, k: int | None = None, groups: Ints | None = None
) -> NDArray[np.bool_]:
    """Return for each image (N,) whether most of its k nearest others (cosine) have its label.

    Cover & Hart 1967, each image left out once, and with it the others of its group (N,).  Features that do not
    vary make every guess the first class, which is chance.  ``k`` is 20, or where classes are small as many as the
    usual class has others; of equal counts the one with the more alike neighbours wins.
    """
    found, classes = np.unique(labels, return_inverse=True)
    wanted = k or neighbours_for(labels)
    if (np.std(np.asarray(features, np.float64), axis=0) <= rounding(features)).all():
        return np.asarray(classes == 0)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = np.asarray(features, np.float64) / np.maximum(lengths, 1e-12)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -np.inf)
    if groups is not None:
        cosines[groups[:, None] == groups[None, :]] = -np.inf
    nearest = np.argpartition(-cosines, wanted - 1, axis=1)[:, :wanted]
    rows = np.arange(len(labels))[:, None]
    alike = np.take_along_axis(cosines, nearest, 1)
    votes = np.zeros((len(labels), len(found)))
    weights = np.where(np.isfinite(alike), 1 + (alike + 1) / (4 * wanted), 0.0)  # whom the groups leave out has no vote
    np.add.at(votes, (rows, classes[nearest]), weights)
    correct: NDArray[np.bool_] = votes.argmax(1) == classes
    return correct


def neighbours_for(labels: Ints) -> int:
    """Return how many neighbours are asked: 20, or one less than the median class has images."""
    counts = np.unique(labels, return_counts=True)[1]
    return int(max(1, min(NEIGHBOURS, int(np.median(counts)) - 1, len(labels) - 1)))
