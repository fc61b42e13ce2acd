"""Whole groups in parts: none in two of them, classes near their shares, every class trains."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tlviz.data.training.group_splits import grouped_folds, grouped_holdout
from tlviz.data.training.splits import Split, SplitPlan, split_images
from tlviz.errors import BadDatasetError, BadSettingError

Ints = NDArray[np.int64]
PLAIN = SplitPlan()


def patients(count: int, size: int, classes: int, seed: int = 0) -> tuple[Ints, Ints]:
    """Labels and groups of patients with about ``size`` pictures of any class each, shuffled."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(count), generator.integers(1, 2 * size, count))
    labels = generator.integers(0, classes, len(groups))
    order = generator.permutation(len(groups))
    return labels[order].astype(np.int64), groups[order].astype(np.int64)


def part(labels: Ints, groups: Ints, plan: SplitPlan = PLAIN, seed: int = 0) -> Split:
    return split_images(labels, [""] * len(labels), seed, plan, groups, mixed=True)


@pytest.mark.parametrize("plan", [SplitPlan(), SplitPlan(test_share=0.2), SplitPlan(folds=4, fold=1)])
@pytest.mark.parametrize(("count", "size", "classes"), [(12, 4, 2), (40, 5, 3), (150, 2, 7)])
def test_no_group_is_in_two_parts_and_every_class_trains(plan: SplitPlan, count: int, size: int, classes: int) -> None:
    labels, groups = patients(count, size, classes)
    for seed in range(4):
        split = part(labels, groups, plan, seed)
        parts = [set(groups[rows].tolist()) for rows in (split.train, split.validation, split.test)]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        assert sorted([*split.train, *split.validation, *split.test]) == list(range(len(labels)))
        assert set(labels[split.train]) == set(labels)


@pytest.mark.parametrize(("count", "size", "classes", "off"), [(12, 4, 2, 0.06), (40, 5, 3, 0.03), (150, 2, 7, 0.02)])
def test_shares_are_near_a_fifth_and_classes_near_theirs(count: int, size: int, classes: int, off: float) -> None:
    labels, groups = patients(count, size, classes)
    for seed in range(4):
        held = part(labels, groups, seed=seed).validation
        assert abs(len(held) / len(labels) - 0.2) <= off
        shares = np.bincount(labels[held], minlength=classes) / np.bincount(labels)
        assert np.abs(shares - 0.2).max() <= 2 * off


def test_a_patient_with_several_classes_validates_sometimes() -> None:
    labels = np.tile([0, 1], 20).astype(np.int64)
    groups = np.repeat(np.arange(10), 4)
    seen = {int(group) for seed in range(30) for group in groups[part(labels, groups, seed=seed).validation]}
    assert len(seen) == 10


def test_seeds_repeat_and_differ() -> None:
    labels, groups = patients(40, 5, 3)
    draws = [tuple(part(labels, groups, seed=seed).validation) for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3


def test_images_alone_fill_the_classes_up() -> None:
    labels = np.array([0, 1] * 50, dtype=np.int64)
    groups = np.concatenate([np.zeros(10, np.int64), np.arange(1, 91)])
    held = grouped_holdout(labels, 0.2, 0, groups)
    assert np.bincount(labels[held]).tolist() == [10, 10]


def test_the_only_group_of_a_class_trains() -> None:
    labels = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2], dtype=np.int64)
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2], dtype=np.int64)
    for seed in range(10):
        assert not {8, 9} & set(part(labels, groups, seed=seed).validation)
    for fold in range(2):
        assert not {8, 9} & set(part(labels, groups, SplitPlan(folds=2, fold=fold)).validation)


def test_two_large_groups_are_one_each() -> None:
    labels = np.tile([0, 1], 20).astype(np.int64)
    assert len(part(labels, np.repeat([0, 1], 20)).validation) == 20


def test_folds_cover_every_group_once() -> None:
    labels, groups = patients(30, 4, 3)
    folds = grouped_folds(labels, 5, 1, groups)
    assert sorted(np.concatenate(folds)) == list(range(len(labels)))
    assert max(map(len, folds)) < 1.5 * min(map(len, folds))


def test_what_cannot_be_parted_is_one_sentence() -> None:
    labels = np.array([0, 0, 1, 1], dtype=np.int64)
    with pytest.raises(BadDatasetError, match="No whole group can be set aside"):
        part(labels, labels)
    with pytest.raises(BadSettingError, match="only 0 groups can validate"):
        part(labels, labels, SplitPlan(folds=2))
