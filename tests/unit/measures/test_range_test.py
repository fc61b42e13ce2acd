"""Known answers of the range test's suggestion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tlviz.measures.range_test import has_blown_up, longest_valley, smoothed, suggested_rate

RATES = np.geomspace(1e-7, 10, 100).tolist()


def curve(rate: float) -> float:
    """Flat, then falling in a line over the logarithm from 1e-4 to 1e-2, then rising steeply."""
    at = math.log10(rate)
    return 2.0 if at <= -4 else 2 - 0.8 * (at + 4) if at <= -2 else 0.4 + (at + 2) ** 2


def test_the_middle_of_a_planted_valley_is_suggested() -> None:
    assert suggested_rate(RATES, [curve(rate) for rate in RATES]) == pytest.approx(1e-3, rel=0.2)


def test_noise_does_not_move_it_far() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, 100)
    suggested = suggested_rate(RATES, [curve(rate) + float(n) for rate, n in zip(RATES, noise, strict=True)])
    assert suggested is not None
    assert 10**-4 < suggested < 10**-2


def test_without_a_valley_nothing_is_suggested() -> None:
    assert suggested_rate([1, 2, 3], [1, 1, 2]) is None
    assert suggested_rate([], []) is None
    with pytest.raises(ValueError, match="one loss per rate; got 2 rates and 1 losses"):
        suggested_rate([1, 2], [1])


def test_the_longest_valley_by_hand() -> None:
    assert longest_valley([5, 4, 6, 3, 2, 9, 8]) == [0, 1, 3, 4]
    assert longest_valley([7, 7, 7, 3, 2]) == [2, 3, 4], "flat stretches do not widen it"
    assert longest_valley([1, 2, 3]) == [0]
    assert longest_valley([3, 9, 2, 8, 7, 6]) == [1, 3, 4, 5]
    assert longest_valley([]) == []


def test_smoothing_keeps_a_constant_and_starts_at_the_first_loss() -> None:
    assert smoothed([3.0] * 20) == pytest.approx([3.0] * 20)
    assert smoothed([5.0, 1.0]) == pytest.approx([5.0, (0.09 * 5 + 0.1) / 0.19])


def test_when_a_curve_has_blown_up() -> None:
    assert not has_blown_up([1.0, 0.5, 2.0])
    assert has_blown_up([1.0, 0.5, 2.01])
    assert has_blown_up([1.0, math.nan])
