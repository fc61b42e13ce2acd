"""Pictures whose label contradicts what the other pictures teach."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.features import Features
from tlviz.measures.confident import contradicted, normalised_margins
from tlviz.measures.held_out import held_out_probabilities

MAX_NEIGHBOURS = 10
MIN_NEIGHBOURS = 3
NEIGHBOURS_WEIGHT = 0.6
"""What the neighbours count beside the linear classifier: of 0.5, 0.6 and 0.7 the best balance on planted labels."""
MOST_OWN = 0.1
"""No picture is named of whose neighbours more than this share bear its label."""
MIN_SKILL = 0.2
"""Where neighbours name the label less often than this share of the way from chance to always, they are no evidence."""
MIN_DEVIATIONS = 4
"""Nor are they where that may be luck."""
_BLOCK = 512

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """Picture ``at``, whose label has the probability ``own`` and the class ``label`` the probability ``other``.

    ``nearest`` is the picture of that class that is most alike, of all pictures where none of the neighbours is.
    """

    at: int
    label: int
    own: float
    other: float
    nearest: int


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Suspects, clearest first, and the share of pictures, 0 to 1, whose label most of their neighbours share."""

    suspects: tuple[Suspect, ...]
    agreement: float


def check_labels(
    features: Features, labels: Ints, groups: Ints, check: Callable[[], None] | None = None
) -> LabelCheck | None:
    """Look for wrong labels (N,) among pictures with features (N, D), by confident learning.

    What the other pictures say of one is the mean of two: the shares of its nearest neighbours' labels (cosine), and a
    linear classifier that has not seen it.  Either alone named more right labels.  Pictures of the same group (N,) are
    not asked: a copy says nothing new.  Between 3 and 10 neighbours are asked, half of the usual class; classes with
    fewer pictures are left alone, and nothing is suspected where the features do not separate the classes.  None with
    too few pictures.
    """
    counts = np.bincount(labels) if len(labels) else np.zeros(0, np.int64)
    k = int(np.clip(np.median(counts[counts > 0]) // 2, MIN_NEIGHBOURS, MAX_NEIGHBOURS)) if len(labels) else 0
    if (counts > k).sum() < 2:
        return None
    nearest = nearest_neighbours(features, groups, k, check)
    votes = np.stack([np.bincount(row, minlength=len(counts)) for row in labels[nearest]])
    agreement = float((votes.argmax(1) == labels).mean())
    if not _tells_apart(agreement, counts):
        return LabelCheck((), agreement)
    if check:
        check()
    linear = held_out_probabilities(features, labels, groups)
    beliefs = NEIGHBOURS_WEIGHT * votes / k + (1 - NEIGHBOURS_WEIGHT) * linear
    own_votes = votes[np.arange(len(labels)), labels]
    named = contradicted(beliefs, labels) & (own_votes <= MOST_OWN * k) & (counts[labels] > k)
    margins = normalised_margins(beliefs, labels)
    suspects = [_suspect(int(at), beliefs[at], labels, nearest[at]) for at in np.flatnonzero(named)]
    return LabelCheck(tuple(sorted(suspects, key=lambda suspect: margins[suspect.at])), agreement)


def _tells_apart(agreement: float, counts: Ints) -> bool:
    """Return whether neighbours name labels so much better than the most frequent class that it is no luck."""
    chance, images = counts.max() / counts.sum(), int(counts.sum())
    luck = MIN_DEVIATIONS * math.sqrt(chance * (1 - chance) / images)
    return bool(agreement >= chance + max(luck, MIN_SKILL * (1 - chance)))


def _suspect(at: int, beliefs: Floats, labels: Ints, nearest: Ints) -> Suspect:
    own = labels[at]
    label = int(np.where(np.arange(len(beliefs)) == own, -1.0, beliefs).argmax())
    alike = next((int(other) for other in nearest if labels[other] == label), int(nearest[0]))
    return Suspect(at, label, float(beliefs[own]), float(beliefs[label]), alike)


def nearest_neighbours(features: Features, groups: Ints, k: int, check: Callable[[], None] | None = None) -> Ints:
    """Return the k nearest other pictures by cosine, nearest first: (N, k); those of the same group come last."""
    directions = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    found = np.empty((len(features), k), np.int64)
    for start in range(0, len(features), _BLOCK):
        if check:
            check()
        rows = slice(start, start + _BLOCK)
        cosines = directions[rows] @ directions.T
        cosines[groups[rows, None] == groups[None]] = -np.inf
        closest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(cosines, closest, 1), axis=1, kind="stable")
        found[rows] = np.take_along_axis(closest, order, 1)
    return found
