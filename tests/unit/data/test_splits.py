"""Which images train and which validate."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tlviz.data.splits import Split, split_images, stratified_holdout
from tlviz.errors import BadDatasetError


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
