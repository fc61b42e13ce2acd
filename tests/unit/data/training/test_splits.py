"""Which images train and which validate."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tlviz.data.training.splits import BUDGETS, Split, SplitPlan, split_images, stratified_holdout, thin
from tlviz.errors import BadDatasetError, BadSettingError


def labelled(*counts: int) -> NDArray[np.int64]:
    """Labels with ``counts[c]`` images of class c, shuffled."""
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    return np.random.default_rng(3).permutation(labels)


def flat(labels: NDArray[np.int64], seed: int = 0) -> Split:
    return split_images(labels, [""] * len(labels), seed)


def test_each_class_gives_a_fifth() -> None:
    # a fifth, rounded, at least one: 50 -> 10, 10 -> 2, 7 -> 1 (1.4), 8 -> 2 (1.6), 3 -> 1 (0.6), 2 -> 1, 1 -> 0
    labels = labelled(50, 10, 7, 8, 3, 2, 1)
    split = flat(labels)
    assert np.bincount(labels[split.validation], minlength=7).tolist() == [10, 2, 1, 2, 1, 1, 0]
    assert np.bincount(labels[split.train], minlength=7).tolist() == [40, 8, 6, 6, 2, 1, 1]
    assert split.test.tolist() == []


def test_training_and_validation_are_disjoint_sorted_and_complete() -> None:
    labels = labelled(23, 9, 14)
    split = flat(labels)
    assert sorted([*split.train, *split.validation]) == list(range(46))
    assert split.train.tolist() == sorted(split.train)
    assert split.validation.tolist() == sorted(split.validation)


def test_a_seed_always_gives_the_same_split() -> None:
    labels = labelled(30, 30)
    once, again = flat(labels, 7), flat(labels, 7)
    assert np.array_equal(once.train, again.train)
    assert np.array_equal(once.validation, again.validation)


def test_seeds_differ() -> None:
    labels = labelled(30, 30)
    assert len({tuple(flat(labels, seed).validation) for seed in range(5)}) == 5


def test_the_global_generator_is_not_used() -> None:
    labels = labelled(30, 30)
    before = str(np.random.get_state())
    flat(labels, 1)
    assert str(np.random.get_state()) == before


def test_the_only_image_of_a_class_trains() -> None:
    labels = np.array([1, 0, 0, 0, 0, 0, 2], dtype=np.int64)
    for seed in range(5):
        split = flat(labels, seed)
        assert {0, 6} <= set(split.train.tolist())
        assert len(split.validation) == 1


def test_the_folders_own_parts_are_kept() -> None:
    labels = np.array([0, 1, 0, 1, 0, 1], dtype=np.int64)
    for seed in range(3):
        split = split_images(labels, ["test", "train", "train", "val", "val", "train"], seed)
        assert split.train.tolist() == [1, 2, 5]
        assert split.validation.tolist() == [3, 4]
        assert split.test.tolist() == [0]


def test_validation_is_drawn_from_training_and_never_from_test() -> None:
    labels = labelled(20, 20)
    parts = ["test" if at % 2 else "train" for at in range(40)]
    split = split_images(labels, parts, 0)
    assert split.test.tolist() == list(range(1, 40, 2))
    assert sorted([*split.train, *split.validation]) == list(range(0, 40, 2))
    for label in (0, 1):
        available = int((labels[::2] == label).sum())
        assert int((labels[split.validation] == label).sum()) == round(0.2 * available)


def test_nothing_to_validate_with_is_refused() -> None:
    with pytest.raises(BadDatasetError, match=r"No class has two images.*add images"):
        flat(np.arange(4, dtype=np.int64))


def test_no_training_images_left_is_refused() -> None:
    # happens where every file below train/ is damaged and so left out
    labels = np.array([0, 0, 1, 1], dtype=np.int64)
    with pytest.raises(BadDatasetError):
        split_images(labels, ["test"] * 4, 0)
    with pytest.raises(BadDatasetError):
        split_images(labels, ["val"] * 4, 0)


def test_holdout_counts_by_hand() -> None:
    labels = labelled(4, 6, 1)
    drawn = stratified_holdout(labels, 0.5, 0)
    assert np.bincount(labels[drawn], minlength=3).tolist() == [2, 3, 0]
    assert drawn.tolist() == sorted(set(drawn.tolist()))
    assert drawn.dtype == np.int64


def test_holdout_never_takes_a_whole_class() -> None:
    labels = labelled(5, 2)
    assert np.bincount(labels[stratified_holdout(labels, 1.0, 0)], minlength=2).tolist() == [4, 1]


def test_holdout_is_even() -> None:
    """Each image of a class is drawn about as often as the others."""
    labels = labelled(10)
    times = np.zeros(10)
    for seed in range(500):
        times[stratified_holdout(labels, 0.2, seed)] += 1
    assert times.sum() == 1000
    assert times.min() > 60  # expected 100, standard deviation 9
    assert times.max() < 140


def grouped(labels: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Groups of ``size`` images of one class each, in no order."""
    groups = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = np.random.default_rng(4).permutation(np.flatnonzero(labels == label))
        groups[members] = 1000 * label + np.arange(len(members)) // size
    return groups


def straddles(split: Split, groups: NDArray[np.int64]) -> bool:
    train, validation, test = (set(groups[part].tolist()) for part in (split.train, split.validation, split.test))
    return bool(train & validation or train & test or validation & test)


def everything(split: Split) -> list[int]:
    return sorted([*split.train.tolist(), *split.validation.tolist(), *split.test.tolist()])


def test_without_groups_the_draw_is_the_plain_one() -> None:
    labels = labelled(50, 10, 7)
    generator = np.random.default_rng(3)
    counts = {0: 10, 1: 2, 2: 1}
    naive = [generator.permutation(np.flatnonzero(labels == at))[: counts[at]] for at in range(3)]
    assert stratified_holdout(labels, 0.2, 3).tolist() == sorted(np.concatenate(naive).tolist())


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("plan", [SplitPlan(), SplitPlan(test_share=0.25), SplitPlan(folds=4, fold=2)])
def test_no_group_straddles_and_every_class_is_in_every_part(size: int, plan: SplitPlan) -> None:
    labels = labelled(60, 40, 25)
    groups = grouped(labels, size)
    for seed in range(5):
        split = split_images(labels, [""] * 125, seed, plan, groups)
        assert not straddles(split, groups)
        assert everything(split) == list(range(125))
        for part in (split.train, split.validation, split.test if plan.test_share else split.train):
            assert set(labels[part].tolist()) == {0, 1, 2}
        if plan.folds is None:
            wanted = 0.2 * (1 - plan.test_share)
            assert abs(len(split.validation) / 125 - wanted) < 0.02 * size + 0.02


def test_a_group_of_several_classes_trains() -> None:
    labels = labelled(20, 20)
    mixed = [int(np.flatnonzero(labels == 0)[0]), int(np.flatnonzero(labels == 1)[0])]
    groups = np.arange(40)
    groups[mixed] = 99
    for plan in (SplitPlan(test_share=0.3), SplitPlan(folds=5, fold=1)):
        for seed in range(10):
            assert set(mixed) <= set(split_images(labels, [""] * 40, seed, plan, groups).train.tolist())


def test_one_huge_group_leaves_its_class_in_training() -> None:
    labels = np.zeros(21, dtype=np.int64)
    labels[10:] = 1
    groups = np.where(labels == 0, 0, np.arange(21))
    split = split_images(labels, [""] * 21, 0, groups=groups)
    assert set(range(10)) <= set(split.train.tolist())
    assert len(split.validation) == 2


def test_a_test_part_is_drawn_where_asked_and_does_not_depend_on_the_fold() -> None:
    labels = labelled(40, 20)
    split = split_images(labels, [""] * 60, 0, SplitPlan(test_share=0.25))
    assert np.bincount(labels[split.test]).tolist() == [10, 5]
    assert np.bincount(labels[split.validation]).tolist() == [6, 3]
    assert everything(split) == list(range(60))
    tests = {tuple(split_images(labels, [""] * 60, 0, SplitPlan(0.25, 3, fold)).test) for fold in range(3)}
    assert len(tests) == 1


def test_the_folders_own_test_part_is_never_drawn_from_nor_added_to() -> None:
    labels = labelled(20, 20)
    parts = ["test" if at % 4 == 0 else "" for at in range(40)]
    split = split_images(labels, parts, 0, SplitPlan(test_share=0.5, folds=3))
    assert split.test.tolist() == list(range(0, 40, 4))


def test_folds_cover_each_image_once_and_are_stratified() -> None:
    labels = labelled(30, 15, 10)
    splits = [split_images(labels, [""] * 55, 1, SplitPlan(folds=5, fold=fold)) for fold in range(5)]
    assert sorted(np.concatenate([split.validation for split in splits]).tolist()) == list(range(55))
    for split in splits:
        assert np.bincount(labels[split.validation]).tolist() == [6, 3, 2]
        assert everything(split) == list(range(55))


def test_a_single_image_of_a_class_is_in_no_fold() -> None:
    labels = np.array([0] * 6 + [1] * 6 + [2], dtype=np.int64)
    for fold in range(3):
        assert 12 in split_images(labels, [""] * 13, 0, SplitPlan(folds=3, fold=fold)).train


def test_folds_are_the_same_for_a_seed_and_differ_between_seeds() -> None:
    labels = labelled(20, 20)
    plan = SplitPlan(folds=4, fold=0)
    draws = [tuple(split_images(labels, [""] * 40, seed, plan).validation) for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3


def test_every_image_validates_once_in_the_folds_of_a_seed() -> None:
    plans = [SplitPlan(folds=3, fold=fold) for fold in range(3)]
    for seed in (0, 1):
        splits = [split_images(labelled(12, 12), [""] * 24, seed, plan) for plan in plans]
        assert np.bincount(np.concatenate([split.validation for split in splits])).tolist() == [1] * 24


@pytest.mark.parametrize(
    ("plan", "parts", "words"),
    [
        (SplitPlan(folds=3, fold=3), [""] * 12, "fold is 3; with 3 folds"),
        (SplitPlan(folds=9), [""] * 12, "no class has that many images"),
        (SplitPlan(folds=3), ["val"] + ["train"] * 11, "without a validation part of its own"),
    ],
)
def test_a_plan_that_does_not_fit_is_one_sentence(plan: SplitPlan, parts: list[str], words: str) -> None:
    with pytest.raises(BadSettingError, match=words):
        split_images(labelled(6, 6), parts, 0, plan)


def test_a_budget_thins_training_only_and_is_nested() -> None:
    labels = labelled(60, 30, 8)
    whole = split_images(labels, [""] * 98, 3)
    before: set[int] = set()
    for budget in BUDGETS:
        split = split_images(labels, [""] * 98, 3, SplitPlan(labels_per_class=budget))
        assert np.array_equal(split.validation, whole.validation)
        now = set(split.train.tolist())
        counts = np.bincount(labels[whole.train])
        assert np.bincount(labels[split.train]).tolist() == [min(budget or 10**9, count) for count in counts]
        assert before <= now <= set(whole.train.tolist())
        before = now
    assert before == set(whole.train.tolist())


def test_a_budget_depends_on_the_seed() -> None:
    labels = labelled(60)
    assert len({tuple(thin(labels, 5, seed)) for seed in range(4)}) == 4
    assert thin(labels, 5, 2).tolist() == thin(labels, 5, 2).tolist()


@pytest.mark.parametrize(("images", "size", "drawn"), [(21, 3, 3), (24, 3, 6), (14, 2, 4), (28, 4, 8)])
def test_a_further_group_is_drawn_where_that_comes_no_farther_from_the_share(
    images: int, size: int, drawn: int
) -> None:
    """By hand: a fifth of 21 is 4, nearer to one group of 3 than to two; of 24 it is 5, nearer to two."""
    labels = np.zeros(images, dtype=np.int64)
    for seed in range(5):
        assert len(stratified_holdout(labels, 0.2, seed, np.arange(images) // size)) == drawn


def test_the_test_part_is_drawn_by_a_seed_of_its_own() -> None:
    """By the same seed the validation part would hold the images at the very places that the test part was at."""
    labels = np.zeros(40, dtype=np.int64)
    split = split_images(labels, [""] * 40, 7, SplitPlan(test_share=0.25))
    rest = np.setdiff1d(np.arange(40), split.test)
    assert split.test.tolist() == stratified_holdout(labels, 0.25, 8).tolist()
    assert split.validation.tolist() == rest[stratified_holdout(labels[rest], 0.2, 7)].tolist()


def test_a_budget_draws_from_each_class_by_itself() -> None:
    """Pictures that lie alike in every class, such as shots of one session, are not drawn together."""
    labels = np.repeat(np.arange(3), 30)
    places = thin(labels, 5, 0).reshape(3, 5) - 30 * np.arange(3)[:, None]
    assert len({tuple(row) for row in places.tolist()}) == 3
