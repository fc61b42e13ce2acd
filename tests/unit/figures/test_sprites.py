"""Colour scales, differences and overlays hold what they should."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tlviz.figures.sprites import colour_limits, overlay, paint, paint_difference, ramp_css, resample, tile, to_png

FIRST = np.array([[[0.0, 1.0]], [[0.0, 4.0]]], np.float32)


SECOND = np.array([[[2.0, 1.0]], [[-1.0, 1.0]]], np.float32)


def test_a_channel_has_one_scale_in_all_groups() -> None:
    low, high = colour_limits([FIRST, SECOND])
    assert (low.tolist(), high.tolist()) == ([0, -1], [2, 4])
    first, second = paint(FIRST, (low, high)), paint(SECOND, (low, high))
    assert (first[0, 0, 1] == second[0, 0, 1]).all(), "the same value has the same colour"
    assert not (first[0, 0, 0] == second[0, 0, 0]).all()
    low, high = colour_limits([FIRST, SECOND], shared=True)
    assert (low.tolist(), high.tolist()) == ([-1, -1], [4, 4])


def test_no_difference_is_the_neutral_colour_and_the_sides_differ() -> None:
    painted = paint_difference(np.array([[[0.0, 2.0, -2.0]]], np.float32), np.array([2.0], np.float32))[0, 0]
    none = paint_difference(np.zeros((1, 1, 1), np.float32), np.zeros(1, np.float32))[0, 0, 0]
    assert (painted[0] == none).all()
    assert none.min() > 240
    assert painted[1, 0] > painted[1, 2], "more is red"
    assert painted[2, 0] < painted[2, 2], "less is blue"


def test_resampling_repeats_positions() -> None:
    assert resample(np.arange(4, dtype=np.float32).reshape(1, 2, 2), 4)[0, 0].tolist() == [0, 0, 1, 1]
    assert resample(np.arange(16, dtype=np.float32).reshape(1, 4, 4), 2)[0].tolist() == [[5, 7], [13, 15]]


def test_an_overlay_mixes_by_its_strength() -> None:
    pixels = np.full((8, 8, 3), 100, np.uint8)
    painted = np.full((1, 2, 2, 3), 200, np.uint8)
    assert (overlay(pixels, painted, 0.25, 8) == 125).all()
    assert (overlay(pixels, painted, 1.0, 8) == 200).all()


def test_the_scale_of_a_page_is_a_gradient() -> None:
    assert ramp_css().startswith("linear-gradient(to right, rgb(68 1 84)")
    assert ramp_css(two_sided=True) != ramp_css()


def test_paint_scales_each_channel_by_itself() -> None:
    maps = np.array([[[0.0, 1.0]], [[0.0, 100.0]], [[5.0, 5.0]], [[np.nan, 1.0]]], np.float32)
    painted = paint(maps)
    assert (painted[0] == painted[1]).all()
    assert (painted[2] == painted[0, 0, 0]).all(), "a constant channel is dark"
    assert painted.dtype == np.uint8


def test_tiles_are_in_reading_order_with_transparent_gaps() -> None:
    images = np.stack([np.full((56, 56, 3), 10 * (at + 1), np.uint8) for at in range(3)])
    sheet = tile(images, 2)
    assert sheet.shape == (56 + 2 + 56, 56 + 2 + 56, 4)
    assert [sheet[0, 0, 0], sheet[0, 60, 0], sheet[60, 0, 0]] == [10, 20, 30]
    assert sheet[0, 56, 3] == sheet[60, 60, 3] == 0
    assert Image.open(io.BytesIO(to_png(sheet))).size == (114, 114)


def test_small_maps_are_enlarged_by_whole_pixels() -> None:
    image = np.arange(7 * 7 * 3, dtype=np.uint8).reshape(1, 7, 7, 3)
    assert (tile(image, 1)[::8, ::8, :3] == image[0]).all()
