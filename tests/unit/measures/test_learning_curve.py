"""Extrapolation finds a power law that was put in, and says how unsure it is."""

from __future__ import annotations

import pytest

from tlviz.measures.learning_curve import extrapolate

SIZES = [100, 200, 400]


def law(size: int) -> float:
    return 1 - 0.4 * (size / 100) ** -0.5


def test_a_power_law_is_continued() -> None:
    found = extrapolate(SIZES, [law(size) for size in SIZES], 10_000, 800)
    assert found is not None
    assert found.accuracy == pytest.approx(law(800), abs=1e-6)
    assert found.low < found.accuracy < found.high
    assert found.high - found.low < 0.04


def test_fewer_judged_images_are_less_sure() -> None:
    few, many = (extrapolate(SIZES, [law(size) for size in SIZES], judged, 800) for judged in (50, 5000))
    assert few is not None
    assert many is not None
    assert few.high - few.low > 2 * (many.high - many.low)


def test_what_does_not_grow_is_not_made_to_fall_and_two_sizes_are_too_few() -> None:
    found = extrapolate(SIZES, [0.8, 0.7, 0.75], 500, 800)
    assert found is not None
    assert found.accuracy == pytest.approx(0.75, abs=0.01)
    assert extrapolate([100, 200], [0.5, 0.6], 500, 800) is None
