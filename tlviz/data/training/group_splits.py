"""Whole groups set aside: no group is in two parts, each class stays about as frequent, and every class trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from tlviz.errors import BadSettingError

Indices = NDArray[np.int64]
_STARTS = 20
_STEPS = 60_000
_PASSES = 4


def grouped_holdout(labels: Indices, share: float, seed: int, groups: Indices) -> Indices:
    """Draw whole groups (n,) that hold about a share of each class: sorted indices, none where that cannot be.

    From several random orders, groups are added and taken back while that brings the classes' numbers nearer to the
    share (least squares, each class relative to its size); images in no group with others then fill each class up.
    No class loses its last training image.
    """
    sizes = np.bincount(labels)
    members = _members(groups)
    together = [rows for rows in members if len(rows) > 1]
    alone = np.array([rows[0] for rows in members if len(rows) == 1], dtype=np.int64)
    generator = np.random.default_rng(seed)
    draw = _Draw([Counter(labels[rows].tolist()) for rows in together], sizes, _wanted(labels, members, sizes, share))
    starts = max(1, min(_STARTS, _STEPS // max(1, draw.entries)))
    runs = [draw.run(generator.permutation(len(together)).tolist()) for _ in range(starts)]
    _, chosen = min(runs, key=lambda run: run[0])
    held = np.concatenate([np.empty(0, np.int64), *(together[at] for at in chosen)]).astype(np.int64)
    filled = _fill(labels, alone, held, sizes, draw.wanted, generator)
    if len(filled):
        return np.sort(filled)
    least = draw.least()  # each group is far larger than the share
    return np.empty(0, np.int64) if least is None else np.sort(together[least])


def _wanted(labels: Indices, members: Sequence[Indices], sizes: Indices, share: float) -> list[float]:
    """Return how many images of each class (C,) to hold out: its share, at least one, none of a class in one group."""
    holders = np.zeros(len(sizes))
    for rows in members:
        holders[np.unique(labels[rows])] += 1
    wanted = np.maximum(share * sizes, np.minimum(1, sizes))
    return [float(want) for want in np.where(holders > 1, wanted, 0)]


def _fill(
    labels: Indices,
    alone: Indices,
    held: Indices,
    sizes: Indices,
    wanted: Sequence[float],
    generator: np.random.Generator,
) -> Indices:
    """Add images in no group with others, class by class, up to what is wanted."""
    have = np.bincount(labels[held], minlength=len(sizes))
    drawn = [held]
    for label in np.unique(labels[alone]).tolist():
        own = generator.permutation(alone[labels[alone] == label])
        most = int(sizes[label] - have[label]) - 1
        drawn.append(own[: max(0, min(round(wanted[label] - have[label]), most))])
    return np.concatenate(drawn)


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
    """A search for groups whose images come near to what is wanted of each class.

    Plain numbers: groups have few classes each, for which arrays would cost ten times as much.
    """

    def __init__(self, counts: Sequence[Mapping[int, int]], sizes: Indices, wanted: Sequence[float]) -> None:
        self._counts = [list(count.items()) for count in counts]
        self._sizes: list[int] = sizes.tolist()
        self.wanted = wanted
        self._total, self._wanted_total = max(1, sum(self._sizes)), sum(wanted)
        self.entries = sum(map(len, self._counts))

    def run(self, order: Sequence[int]) -> tuple[float, list[int]]:
        """Return the loss and the groups held out, beginning from none and visiting groups in this order."""
        held = [0] * (len(self._sizes) + 1)  # the last counts all classes
        chosen: set[int] = set()
        loss = 0.0
        for _ in range(_PASSES):
            has_changed = False
            for at in order:
                sign = -1 if at in chosen else 1
                change = self._change(at, sign, held)
                if change < -1e-12:
                    has_changed = True
                    loss += change
                    chosen ^= {at}
                    for label, number in self._counts[at]:
                        held[label] += sign * number
                        held[-1] += sign * number
            if not has_changed:
                break
        return loss, sorted(chosen)

    def least(self) -> int | None:
        """Return the group that, held out alone, is nearest to what is wanted; None where none can be."""
        none_held = [0] * (len(self._sizes) + 1)
        changes = [self._change(at, 1, none_held) for at in range(len(self._counts))]
        best = min(range(len(changes)), key=changes.__getitem__, default=None)
        return None if best is None or changes[best] == inf else best

    def _change(self, at: int, sign: int, held: Sequence[int]) -> float:
        """Return what a group, added or taken back, changes of the loss; infinite where a class would not train."""
        change, moved = 0.0, 0
        for label, number in self._counts[at]:
            if sign > 0 and held[label] + number >= self._sizes[label]:
                return inf
            off = held[label] - self.wanted[label]
            change += sign * number * (2 * off + sign * number) / self._sizes[label]
            moved += sign * number
        off = held[-1] - self._wanted_total
        return float(change + moved * (2 * off + moved) / self._total)


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
