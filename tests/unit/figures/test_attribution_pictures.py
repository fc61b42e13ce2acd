"""Maps over pictures have the colours that their values say."""

from __future__ import annotations

import numpy as np

from tlviz.figures.attribution_pictures import draw_attribution, full_colour

GREY = np.full((1, 3, 3), 80, np.uint8)


def test_the_full_colour_is_a_percentile_of_what_is_not_zero_in_all_maps() -> None:
    maps = [np.array([[0, -3], [0, 1]], np.float32), np.array([[0, 2], [0, 0]], np.float32)]
    assert full_colour(maps, 100) == 3
    assert full_colour(maps, 50) == 2
    assert full_colour([np.zeros((2, 2), np.float32)], 99) == 0


def test_signed_maps_are_blue_against_neutral_at_nothing_and_red_for() -> None:
    values = np.array([[-2, 0, 2]], np.float32)
    ((against, nothing, speaks_for),) = draw_attribution(GREY, values, 2.0, is_signed=True, strength=1.0).astype(int)
    assert against[2] > against[0] + 50
    assert nothing.min() > 240
    assert speaks_for[0] > speaks_for[2] + 50


def test_unsigned_maps_know_no_sides_and_are_black_at_nothing() -> None:
    values = np.array([[-2, 0, 2]], np.float32)
    ((left, middle, right),) = draw_attribution(GREY, values, 2.0, is_signed=False, strength=1.0).astype(int)
    assert left.tolist() == right.tolist()
    assert left.sum() > 500 > 30 > middle.sum()


def test_a_map_is_laid_over_the_picture_in_grey_by_its_strength() -> None:
    pixels = np.array([[[255, 0, 0], [0, 0, 255], [80, 80, 80]]], np.uint8)
    values = np.zeros((1, 3), np.float32)
    alone = draw_attribution(pixels, values, 1.0, is_signed=True, strength=0.0)
    assert alone[0].tolist() == [[76] * 3, [29] * 3, [80] * 3], "0.299 and 0.114 of 255"
    white = draw_attribution(pixels, values, 1.0, is_signed=True, strength=1.0).astype(float)
    half = draw_attribution(pixels, values, 1.0, is_signed=True, strength=0.5)
    assert np.abs(half - (alone + white) / 2).max() <= 0.5


def test_a_picture_of_another_size_is_fitted_to_the_map() -> None:
    drawn = draw_attribution(
        np.full((8, 8, 3), 80, np.uint8), np.zeros((2, 4), np.float32), 1, is_signed=False, strength=0
    )
    assert drawn.shape == (2, 4, 3)
    assert (drawn == 80).all()
