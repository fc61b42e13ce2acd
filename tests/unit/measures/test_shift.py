"""Known answers of channel shift, and of what noise does to it."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.kid import kid, kid_noise
from tlviz.measures.shift import Moments, above_noise, channel_distance, distance_noise

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def normal(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, width))


def test_kid_and_shift_grow_with_noise() -> None:
    source, target = np.abs(normal(200, 30)), np.abs(normal(200, 30, 1))
    statistics = source.mean(0), source.var(0)
    groups = np.arange(200) % 10
    kids, shifts = [], []
    for strength in (0, 0.5, 1, 2):
        changed = target + strength * np.abs(normal(200, 30, 2))
        kids.append(kid(changed, source) / kid_noise(target, 0))
        moments = Moments.of_features(changed, groups)
        noise = distance_noise(moments, statistics, 0)
        shifts.append(above_noise(channel_distance(moments.of(), statistics), noise, 200, 200))
    assert abs(kids[0]) < 3
    assert shifts[0] < 1.5
    assert kids == sorted(kids)
    assert shifts == sorted(shifts)
    assert kids[1] > 10
    assert shifts[1] > 4


def test_channel_distance_by_hand() -> None:
    source = np.array([1.0, 2.0]), np.array([4.0, 9.0])
    assert channel_distance(source, source) == 0
    target = np.array([3.0, 2.0]), np.array([4.0, 36.0])
    assert channel_distance(target, source) == pytest.approx(np.sqrt(((2 / 2) ** 2 + ((6 - 3) / 3) ** 2) / 2))
    dead = np.array([0.0, 0.0]), np.array([0.0, 1.0])
    assert channel_distance((np.array([1e-3, 0]), np.array([0.0, 1.0])), dead) < 0.02, (
        "a dead channel is not divided by 0"
    )
    nothing = np.zeros(2), np.zeros(2)
    assert channel_distance(nothing, nothing) == 0


def test_moments_are_those_of_the_features_and_of_chosen_groups() -> None:
    features, groups = normal(50, 4), np.arange(50) % 5
    moments = Moments.of_features(features, groups)
    mean, variance = moments.of()
    assert mean == pytest.approx(features.mean(0))
    assert variance == pytest.approx(features.var(0))
    chosen = np.array([True, False, False, True, False])
    inside = np.isin(groups, [0, 3])
    assert moments.of(chosen)[1] == pytest.approx(features[inside].var(0))


def test_shift_within_noise_for_two_halves() -> None:
    found = []
    for seed in range(20):
        features, groups = normal(200, 60, seed), np.arange(100) % 10
        source = features[100:].mean(0), features[100:].var(0)
        moments = Moments.of_features(features[:100], groups)
        noise = distance_noise(moments, source, seed)
        found.append(above_noise(channel_distance(moments.of(), source), noise, 100, 100))
    assert np.median(found) < 0.6
    assert max(found) < 1.5
    assert above_noise(1, 0, 10, None) == 0


def test_noise_is_taken_off_by_the_sizes_of_both_sides() -> None:
    """By hand: halves of 100 images lie 2 apart, so 100 and 50 lie sqrt(4 x (1 + 100 / 50) / 4) apart by chance."""
    assert above_noise(3, 2, 100, 50) == pytest.approx((9 / 3 - 1) ** 0.5)
    assert above_noise(3, 2, 100, None) == pytest.approx((9 / 1 - 1) ** 0.5)
    assert above_noise(1.7, 2, 100, 50) == 0
