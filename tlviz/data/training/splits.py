"""Which images train, which validate, and which are kept for the final evaluation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.data.training.group_splits import grouped_folds, grouped_holdout
from tlviz.errors import BadDatasetError, BadSettingError

Indices = NDArray[np.int64]
VALIDATION_SHARE = 0.2
BUDGETS: tuple[int | None, ...] = (5, 10, 20, 50, 100, None)
"""Labels per class worth comparing, ending with all (None), to see how transfer pays off on little data."""


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the training, validation and test images, each (n,), no image in two of them."""

    train: Indices
    validation: Indices
    test: Indices


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How to part images where the target does not say: the default is 80/20 without a test part.

    With ``folds`` the training images are cut into that many parts, of which number ``fold`` validates.
    ``labels_per_class`` thins the training part only, None keeps all.
    """

    test_share: float = 0.0
    folds: int | None = None
    fold: int = 0
    labels_per_class: int | None = None


def split_images(
    labels: NDArray[np.int64],
    parts: Sequence[str],
    seed: int,
    plan: SplitPlan = SplitPlan(),
    groups: NDArray[np.int64] | None = None,
    *,
    mixed: bool = False,
) -> Split:
    """Keep the target's own parts; what it has none of is drawn, class by class, from its training images.

    Images of one group (n,), such as duplicates, always come into the same drawn part.  A group with several classes
    trains, as copies with two labels should; ``mixed`` parts such groups too, as a patient has pictures of several.
    Raises ``BadDatasetError`` where nothing is left to train or to validate with, ``BadSettingError`` where
    the plan does not fit the target.
    """
    check_plan(plan)
    part = np.asarray(parts)
    train = np.flatnonzero((part == "train") | (part == ""))
    validation, test = np.flatnonzero(part == "val"), np.flatnonzero(part == "test")
    if not len(train):
        raise BadDatasetError("No training image can be used; put readable pictures into the folder train/.")
    if plan.test_share and not len(test):
        held_out = _holdout(labels[train], plan.test_share, seed + 1, _of(groups, train), mixed=mixed)
        test, train = _take(train, held_out)
    if plan.folds and len(validation):
        raise BadSettingError("folds need a target without a validation part of its own; leave them out.")
    if plan.folds:
        folds = _folds(labels[train], plan.folds, seed, _of(groups, train), mixed=mixed)
        validation, train = _take(train, folds[plan.fold])
    elif not len(validation):
        held_out = _holdout(labels[train], VALIDATION_SHARE, seed, _of(groups, train), mixed=mixed)
        validation, train = _take(train, held_out)
    if not len(validation):
        raise BadDatasetError("No class has two images, so none can be set aside for validation; add images.")
    if plan.labels_per_class:
        train = train[thin(labels[train], plan.labels_per_class, seed)]
    return Split(train, validation, test)


def _holdout(
    labels: NDArray[np.int64], share: float, seed: int, groups: NDArray[np.int64] | None, *, mixed: bool
) -> Indices:
    if groups is None or not mixed:
        return stratified_holdout(labels, share, seed, groups)
    held_out = grouped_holdout(labels, share, seed, groups)
    if not len(held_out):
        raise BadDatasetError(
            "No whole group can be set aside: each holds all training images of a class. Add groups, or leave the "
            "grouping out."
        )
    return held_out


def _folds(
    labels: NDArray[np.int64], count: int, seed: int, groups: NDArray[np.int64] | None, *, mixed: bool
) -> list[Indices]:
    if groups is None or not mixed:
        return stratified_folds(labels, count, seed, groups)
    return grouped_folds(labels, count, seed, groups)


def check_plan(plan: SplitPlan) -> None:
    """Raise ``BadSettingError`` unless the plan's fold is one of its folds."""
    if plan.fold and not plan.folds:
        raise BadSettingError(f"fold is {plan.fold}, but folds is not set; set folds to the number of parts.")
    if plan.folds and not 0 <= plan.fold < plan.folds:
        raise BadSettingError(
            f"fold is {plan.fold}; with {plan.folds} folds it must be between 0 and {plan.folds - 1}."
        )


def stratified_holdout(
    labels: NDArray[np.int64], share: float, seed: int, groups: NDArray[np.int64] | None = None
) -> Indices:
    """Draw a share of each class, at least one of two or more groups, none of a single one: sorted indices (n,).

    Written out because scikit-learn's splitters refuse classes with a single image.
    """
    generator = np.random.default_rng(seed)
    drawn: list[Indices] = [np.empty(0, np.int64)]
    for units in _units(labels, groups):
        order = generator.permutation(len(units))
        want = min(max(1, round(share * sum(map(len, units)))), sum(map(len, units)))
        taken = 0
        for at in order[:-1]:  # the last group of a class always trains
            if taken and taken + len(units[at]) / 2 > want:
                continue
            drawn.append(units[at])
            taken += len(units[at])
            if taken >= want:
                break
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def stratified_folds(
    labels: NDArray[np.int64], count: int, seed: int, groups: NDArray[np.int64] | None = None
) -> list[Indices]:
    """Cut images into folds (scikit-learn's, stratified, by groups where given): sorted indices of each.

    Classes and groups that can only train, being alone or mixed, are in no fold.  Raises ``BadSettingError`` where no
    class has that many images.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # takes over a second to import

    shared = [unit for units in _units(labels, groups) if len(units) > 1 for unit in units]
    usable = np.sort(np.concatenate([np.empty(0, np.int64), *shared]))
    if not len(usable) or np.bincount(labels[usable]).max() < count:
        raise BadSettingError(f"folds is {count}, but no class has that many images; choose fewer folds.")
    of_usable = _of(groups, usable)
    kind = StratifiedKFold if of_usable is None else StratifiedGroupKFold
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        cut = kind(n_splits=count, shuffle=True, random_state=seed)
        return [usable[fold] for _, fold in cut.split(usable, labels[usable], of_usable)]


def thin(labels: NDArray[np.int64], per_class: int, seed: int) -> Indices:
    """Draw ``count`` images of each class: sorted indices.  By one seed, a larger draw contains every smaller one."""
    drawn = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        drawn.append(np.random.default_rng([seed, int(label)]).permutation(members)[:per_class])
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def _units(labels: NDArray[np.int64], groups: NDArray[np.int64] | None) -> Iterator[list[Indices]]:
    """Give, class by class, the groups that are wholly of that class, each as indices in order."""
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if groups is None:
            yield list(members[:, None])
            continue
        own = np.setdiff1d(groups[members], groups[labels != label])
        members = members[np.isin(groups[members], own)]
        _, first = np.unique(groups[members], return_inverse=True)
        order = np.argsort(first, kind="stable")
        yield np.split(members[order], np.flatnonzero(np.diff(first[order])) + 1) if len(members) else []


def _take(pool: Indices, chosen: Indices) -> tuple[Indices, Indices]:
    """Return the chosen of a pool, and the rest."""
    return pool[chosen], np.delete(pool, chosen)


def _of(groups: NDArray[np.int64] | None, indices: Indices) -> NDArray[np.int64] | None:
    return None if groups is None else groups[indices]
