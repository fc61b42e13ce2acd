"""A sample of a target is capped, the same each time, and leaves out what cannot be measured."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.data.sample import choose_rows
from tlviz.errors import BadDatasetError


def test_samples_are_capped_stratified_and_leave_small_classes_and_test_images_out() -> None:
    labels = np.repeat([0, 1, 2], [3000, 1000, 4])
    chosen = choose_rows(labels, ("a", "b", "tiny"), ("",) * 4004, 1000)
    assert np.bincount(labels[chosen.rows]).tolist() == [750, 250]
    assert chosen.available == 4000
    assert chosen.notes == (
        "Left out for having fewer than 5 images: tiny.",
        "1,000 of 4,000 images were used, the same share of each class.",
    )
    assert choose_rows(labels, ("a", "b", "tiny"), ("",) * 4004, 1000).rows.tolist() == chosen.rows.tolist()
    parts = tuple("test" if at % 2 else "train" for at in range(4004))
    assert (choose_rows(labels, ("a", "b", "tiny"), parts, 10_000).rows % 2 == 0).all()


def test_labels_that_are_constant_within_a_split_are_looked_at_together_or_refused() -> None:
    labels, classes = np.repeat([0, 1], 20), ("a", "b")
    parts = ("train",) * 20 + ("val",) * 20
    assert np.bincount(labels[choose_rows(labels, classes, parts, 1000).rows]).tolist() == [20, 20]
    with pytest.raises(BadDatasetError, match="test images aside; only 1 of 1 has that many"):
        choose_rows(labels, classes, ("train",) * 20 + ("test",) * 20, 1000)


def test_a_thousand_classes_and_two_hundred_thousand_images_are_sampled() -> None:
    labels = np.arange(200_000) % 1000
    classes = tuple(map(str, range(1000)))
    chosen = choose_rows(labels, classes, ("",) * 200_000, 1000)
    assert np.unique(labels[chosen.rows], return_counts=True)[1].tolist() == [10] * 100
    assert chosen.notes[0] == "100 of 1,000 classes were used, evenly spaced."
    assert chosen.notes[1] == "1,000 of 200,000 images were used, the same share of each class."
    uneven = np.repeat(np.arange(50), [4000] + [6] * 49)
    rows = choose_rows(uneven, classes, ("",) * len(uneven), 1000).rows
    assert np.bincount(uneven[rows]).min() == 5
