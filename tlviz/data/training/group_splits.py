"""Whole groups set aside: no group is in two parts, each class stays about as frequent, and every class trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlviz.errors import BadSettingError

Indices = NDArray[np.int64]
_STARTS = 20
_STEPS = 200_000
_PASSES = 4


def grouped_holdout(labels: Indices, share: float, seed: int, groups: Indices) -> Indices:
    """Draw whole groups (n,) that hold about a share of each class: sorted indices, none where that cannot be.

    From several random orders, groups are added and taken back while that brings the classes' numbers nearer to the
    share (least squares, each class relative to its size).  No class loses its last training image.
    """
    members = _members(groups)
    counts = [np.unique(labels[rows], return_counts=True) for rows in members]
    sizes = np.bincount(labels)
    draw = _Draw(counts, sizes, share)
    generator = np.random.default_rng(seed)
    starts = max(1, min(_STARTS, _STEPS // max(1, len(members))))
    held = min((draw.run(generator.permutation(len(members))) for _ in range(starts)), key=draw.loss_of)
    rows = [members[at] for at in np.flatnonzero(held)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *rows])).astype(np.int64)


def grouped_folds(labels: Indices, count: int, seed: int, groups: Indices) -> list[Indices]:
    """Cut whole groups into folds (scikit-learn's StratifiedGroupKFold): sorted indices of each.

    A group that holds all images of a class is in no fold, nor is one without which a class would not train.
    Raises ``BadSettingError`` where there are fewer groups than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # takes over a second to import

    members = _members(groups)
    sizes = np.bincount(labels)
    free = [rows for rows in members if not _takes_all(labels[rows], sizes)]
    if len(free) < count:
        raise BadSettingError(f"folds is {count}, but only {len(free)} groups can validate; choose fewer folds.")
    usable = np.sort(np.concatenate(free))
    if np.bincount(labels[usable]).max() < count:
        raise BadSettingError(f"folds is {count}, but no class has that many images; choose fewer folds.")
    cut = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
    folds = [usable[fold] for _, fold in cut.split(usable, labels[usable], groups[usable])]
    return [_leave_every_class(fold, labels, groups, sizes) for fold in folds]


class _Draw:
    """A search for groups whose images come near to a share of each class."""

    def __init__(self, counts: Sequence[tuple[Indices, Indices]], sizes: Indices, share: float) -> None:
        self._counts = counts
        holders = np.bincount(np.concatenate([classes for classes, _ in counts]), minlength=len(sizes))
        self._wanted = np.where(holders > 1, np.maximum(share * sizes, np.minimum(1, sizes)), 0.0)
        self._weight = 1 / np.maximum(1, sizes)
        self._sizes, self._total, self._wanted_total = sizes, max(1, int(sizes.sum())), float(self._wanted.sum())
        self._held = np.zeros(len(sizes))

    def run(self, order: Indices) -> NDArray[np.bool_]:
        """Return which groups (G,) are held out, beginning from none and visiting them in this order."""
        self._held = np.zeros(len(self._sizes))
        chosen = np.zeros(len(self._counts), dtype=bool)
        for _ in range(_PASSES):
            before = chosen.copy()
            for at in order:
                if self._change(at, -1 if chosen[at] else 1) < -1e-12:
                    self._move(at, chosen)
            if (before == chosen).all():
                break
        if not chosen.any():
            gains = [self._change(at, 1) for at in order]
            if gains and np.isfinite(min(gains)):
                self._move(order[int(np.argmin(gains))], chosen)
        return chosen

    def loss_of(self, chosen: NDArray[np.bool_]) -> float:
        """Return how far groups are from the share; infinite for none."""
        held = np.zeros(len(self._sizes))
        for at in np.flatnonzero(chosen):
            classes, number = self._counts[at]
            held[classes] += number
        if not chosen.any():
            return np.inf
        total = (held.sum() - self._wanted_total) ** 2 / self._total
        return float((self._weight * (held - self._wanted) ** 2).sum() + total)

    def _change(self, at: int, sign: int) -> float:
        """Return what a group, added or taken back, changes of the loss; infinite where a class would not train."""
        classes, number = self._counts[at]
        after = self._held[classes] + sign * number
        if sign > 0 and (after >= self._sizes[classes]).any():
            return np.inf
        off = self._held[classes] - self._wanted[classes]
        own = self._weight[classes] * ((off + sign * number) ** 2 - off**2)
        total = self._held.sum() - self._wanted_total
        return float(own.sum() + ((total + sign * number.sum()) ** 2 - total**2) / self._total)

    def _move(self, at: int, chosen: NDArray[np.bool_]) -> None:
        classes, number = self._counts[at]
        self._held[classes] += -number if chosen[at] else number
        chosen[at] = not chosen[at]


def _members(groups: Indices) -> list[Indices]:
    """Return the indices of each group, in order of the group's first image."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))[inverse]
    order = np.argsort(place, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(place[order])) + 1))


def _takes_all(labels: Indices, sizes: Indices) -> bool:
    classes, number = np.unique(labels, return_counts=True)
    return bool((number == sizes[classes]).any())


def _leave_every_class(fold: Indices, labels: Indices, groups: Indices, sizes: Indices) -> Indices:
    """Take the smallest groups out of a fold without which a class has no training image."""
    while len(fold):
        classes, number = np.unique(labels[fold], return_counts=True)
        gone = classes[number == sizes[classes]]
        if not len(gone):
            break
        holding = np.unique(groups[fold][labels[fold] == gone[0]])
        smallest = min(holding, key=lambda group: (int((groups[fold] == group).sum()), int(group)))
        fold = fold[groups[fold] != smallest]
    return fold
