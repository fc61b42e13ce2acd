"""Calibration against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tlviz.measures.accuracy import interval
from tlviz.measures.calibration import calibration, softmax


def by_hand(count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return 0.7 and 0.9 as the confidences of half the images each, of which half and all are right."""
    confidence = np.repeat([0.7, 0.9], count // 2)
    right = np.concatenate([np.arange(count // 2) % 2 == 0, np.ones(count // 2, bool)])
    return np.stack([confidence, 1 - confidence], 1), np.where(right, 0, 1)


def test_the_calibration_error_of_two_bins_by_hand() -> None:
    found = calibration(*by_hand(40))
    assert [(held.count, held.accuracy) for held in found.bins] == [(20, 0.5), (20, 1.0)]
    assert [held.confidence for held in found.bins] == pytest.approx([0.7, 0.9])
    assert found.error == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)
    assert found.images == 40
    low, high = interval(0.5, 20)
    assert found.bins[0].errors == pytest.approx((0.5 - low, high - 0.5))
    assert found.bins[1].errors[0] > 0, "twenty of twenty right are not 100% for sure"


@pytest.mark.parametrize(("images", "bins"), [(1, 1), (29, 1), (30, 2), (73, 4), (149, 9), (150, 10), (3000, 10)])
def test_bins_are_equally_full_and_hold_fifteen(images: int, bins: int) -> None:
    confidence = np.random.default_rng(1).uniform(0.5, 1, images)
    found = calibration(np.stack([confidence, 1 - confidence], 1), np.zeros(images, int))
    counts = [held.count for held in found.bins]
    assert len(counts) == bins
    assert max(counts) - min(counts) <= 1


def test_equal_probabilities_share_a_bin_whatever_their_order() -> None:
    confidence = np.array([0.6] * 10 + [1.0] * 70)
    labels = np.arange(80) % 3 // 2
    order = np.random.default_rng(2).permutation(80)
    one, other = (
        calibration(np.stack([confidence[at], 1 - confidence[at]], 1), labels[at]) for at in (np.arange(80), order)
    )
    assert one == other
    assert [held.count for held in one.bins] == [10, 70]


def test_what_chance_makes_of_a_calibrated_network() -> None:
    """Of networks that are right as often as they say one in twenty is off, and their mean error is the one stated."""
    generator = np.random.default_rng(3)
    found = []
    for _ in range(300):
        confidence = generator.uniform(0.5, 1, 73)
        labels = np.where(generator.random(73) < confidence, 0, 1)
        found.append(calibration(np.stack([confidence, 1 - confidence], 1), labels))
    assert 0.02 <= np.mean([result.is_off for result in found]) <= 0.09
    assert np.mean([result.error for result in found]) == pytest.approx(
        np.mean([result.by_chance for result in found]), rel=0.07
    )


def test_who_is_always_sure_and_right_is_perfectly_calibrated() -> None:
    assert calibration(np.eye(3), np.arange(3)).error == 0
    assert calibration(np.eye(3), np.array([1, 2, 0])).error == 1
    with pytest.raises(ValueError, match="at least one"):
        calibration(np.zeros((0, 2)), np.zeros(0, dtype=int))


def test_softmax_of_large_logits() -> None:
    assert softmax(np.array([[1000.0, 1000.0]])).tolist() == [[0.5, 0.5]]
    assert softmax(np.array([[0.0, np.log(3)]]))[0].tolist() == pytest.approx([0.25, 0.75])
