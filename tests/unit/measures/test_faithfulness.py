"""Curves, ranks and shares against numbers by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tlviz.measures.faithfulness import (
    ProbabilityCurve,
    chance_maps,
    changed_pictures,
    covering_squares,
    explained_share,
    fractions,
    rank_correlation,
    spreads_from_chance,
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


def test_alike_maps_have_alike_ranks_of_their_absolute_values() -> None:
    """Ties share the mean of their ranks; the correlation is that of the ranks."""
    generator = np.random.default_rng(0)
    first, second = generator.integers(-9, 9, (2, 12, 12)).astype(float)
    ranks = []
    for values in (np.abs(first).ravel(), np.abs(second).ravel()):
        ranks.append([(values < value).sum() + ((values == value).sum() - 1) / 2 for value in values])
    assert rank_correlation(first, second) == pytest.approx(np.corrcoef(ranks)[0, 1], abs=1e-12)
    assert rank_correlation(first, -3 * first) == pytest.approx(1)
    assert rank_correlation(first, np.zeros_like(first)) == rank_correlation(np.ones_like(first), second) == 0


def test_chance_maps_are_the_map_elsewhere() -> None:
    values = np.random.default_rng(0).random((16, 16))
    made = chance_maps(values, 6, seed=1)
    for copy in made:
        np.testing.assert_array_equal(np.sort(copy.ravel()), np.sort(values.ravel()))
        assert abs(rank_correlation(values, copy)) < 0.5
    np.testing.assert_array_equal(made[3], chance_maps(values, 6, seed=1)[3])


def test_explained_share_by_hand() -> None:
    drops = np.array([1.0, 2.0, 3.0])
    assert explained_share(5 * drops, drops) == pytest.approx(1)
    assert explained_share(np.zeros(3), drops) == 0
    assert explained_share(np.array([1.0, 0.0, 0.0]), drops) == pytest.approx(1 / 14)


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


def test_half_of_the_chance_maps_are_mirrored() -> None:
    values = np.arange(9.0).reshape(3, 3)

    def turned_and_shifted(start: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> set[bytes]:
        shifts = [(down, across) for down in range(3) for across in range(3)]
        return {np.roll(np.rot90(start, times), shift, (0, 1)).tobytes() for times in range(4) for shift in shifts}

    copies = [copy.tobytes() for copy in chance_maps(values, 800)]
    mirrored, plain = turned_and_shifted(values[:, ::-1]), turned_and_shifted(values)
    assert not mirrored & plain
    assert set(copies) == mirrored | plain, "every turn and every shift"
    assert 340 < sum(copy in mirrored for copy in copies) < 460
