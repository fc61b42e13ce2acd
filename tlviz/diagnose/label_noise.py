"""Pictures whose label their neighbours in feature space contradict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.features import Features

MAX_NEIGHBOURS = 10
MIN_NEIGHBOURS = 3
MIN_MAJORITY = 0.6
MIN_SKILL = 0.4
"""Where neighbours name the label less often than this share of the way from chance to always, they are no evidence."""
_BLOCK = 512

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """Picture ``at`` whose neighbours all have other labels, ``votes`` of ``neighbours`` of them ``label``."""

    at: int
    label: int
    votes: int
    neighbours: int
    nearest: int


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Suspects, clearest first, and the share of pictures, 0 to 1, whose label most of their neighbours share."""

    suspects: tuple[Suspect, ...]
    agreement: float


def check_labels(
    features: Features, labels: Ints, groups: Ints, check: Callable[[], None] | None = None
) -> LabelCheck | None:
    """Look for wrong labels among pictures with features (N, D), by their nearest neighbours' (cosine) labels (N,).

    A suspect's neighbours all have other labels, and most of them the same one: with 5 neighbours and only the first
    condition, a tenth of the clip art was suspected.  Pictures of the same group (N,) are not asked: a copy says
    nothing new.  Between 3 and 10 neighbours are asked, half of the usual class; classes with fewer pictures are left
    alone, and nothing is suspected where the features do not separate the classes.  None with too few pictures.
    """
    counts = np.bincount(labels) if len(labels) else np.zeros(0, np.int64)
    k = int(np.clip(np.median(counts[counts > 0]) // 2, MIN_NEIGHBOURS, MAX_NEIGHBOURS)) if len(labels) else 0
    if (counts > k).sum() < 2:
        return None
    nearest = nearest_neighbours(features, groups, k, check)
    votes = np.stack([np.bincount(row, minlength=len(counts)) for row in labels[nearest]])
    favourite = votes.argmax(1)
    agreement = float((favourite == labels).mean())
    chance = counts.max() / len(labels)
    if agreement < chance + MIN_SKILL * (1 - chance):
        return LabelCheck((), agreement)
    most = votes.max(1)
    is_suspect = (votes[np.arange(len(labels)), labels] == 0) & (most >= MIN_MAJORITY * k) & (counts[labels] > k)
    suspects = [
        Suspect(int(at), int(favourite[at]), int(most[at]), k, int(nearest[at, 0])) for at in np.flatnonzero(is_suspect)
    ]
    return LabelCheck(tuple(sorted(suspects, key=lambda suspect: -suspect.votes)), agreement)


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
