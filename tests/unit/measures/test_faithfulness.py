"""Curves, ranks and shares against numbers by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from tlviz.measures.faithfulness import (
    ProbabilityCurve,
    chance_maps,
    changed_pictures,
    covering_squares,
    fractions,
    mean_ranks,
    rank_correlation,
    spreads_from_chance,
    told_share,
)


def test_pixels_change_from_the_highest_value_on() -> None:
    start, end = np.zeros((3, 2, 2), np.float32), np.ones((3, 2, 2), np.float32)
    values = np.array([[0.1, 0.9], [-1.0, 0.5]])
    pictures = changed_pictures(start, end, values, 4)
    assert pictures.shape == (5, 3, 2, 2)
    expected = [[[0, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 1], [0, 1]], [[1, 1], [0, 1]], [[1, 1], [1, 1]]]
    for channel in range(3):
        np.testing.assert_array_equal(pictures[:, channel], expected)


def test_areas_are_mean_heights() -> None:
    assert ProbabilityCurve(fractions(4), np.full(5, 0.3)).area == pytest.approx(0.3)
    assert ProbabilityCurve(fractions(2), np.array([1.0, 0.0, 0.0])).area == pytest.approx(0.25)


def test_ranks_and_their_correlation_are_scipys() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.integers(-9, 9, (2, 12, 12)).astype(float)
    np.testing.assert_allclose(mean_ranks(first.ravel()) + 1, rankdata(first.ravel()))
    expected = spearmanr(np.abs(first).ravel(), np.abs(second).ravel()).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)
    assert rank_correlation(first, -3 * first) == pytest.approx(1)
    assert rank_correlation(first, np.zeros_like(first)) == 0


def test_chance_maps_are_the_map_elsewhere() -> None:
    values = np.random.default_rng(0).random((16, 16))
    made = chance_maps(values, 6, seed=1)
    for copy in made:
        np.testing.assert_array_equal(np.sort(copy.ravel()), np.sort(values.ravel()))
        assert abs(rank_correlation(values, copy)) < 0.5
    np.testing.assert_array_equal(made[3], chance_maps(values, 6, seed=1)[3])


def test_told_share_by_hand() -> None:
    drops = np.array([1.0, 2.0, 3.0])
    assert told_share(5 * drops, drops) == pytest.approx(1)
    assert told_share(np.zeros(3), drops) == 0
    assert told_share(np.array([1.0, 0.0, 0.0]), drops) == pytest.approx(1 / 14)


def test_spreads_from_chance_by_hand() -> None:
    assert spreads_from_chance(5.0, [1.0, 3.0]) == pytest.approx(3 / math.sqrt(2))
    assert spreads_from_chance(1.0, [1.0, 1.0]) == 0
    assert spreads_from_chance(0.0, [1.0, 1.0]) == -math.inf


def test_squares_are_squares() -> None:
    for mask in covering_squares(20, 10):
        rows, columns = mask.any(1).sum(), mask.any(0).sum()
        assert rows == columns
        assert mask.sum() == rows * columns
        assert 2 <= rows <= 10
