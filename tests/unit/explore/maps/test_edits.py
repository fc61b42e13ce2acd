"""Edits change what they say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore.maps.edits import Edit, edit_picture

PIXELS = np.random.default_rng(0).integers(0, 255, (20, 20, 3), dtype=np.uint8)


def test_no_edit_changes_nothing() -> None:
    assert (edit_picture(PIXELS, Edit()) == PIXELS).all()
    assert (edit_picture(PIXELS, Edit(hue=360)) == PIXELS).all(), "a whole turn"


@pytest.mark.parametrize(("right", "down"), [(10, 0), (-50, 25), (0, -100), (100, 100)])
def test_moving_shifts_and_fills_with_white(right: int, down: int) -> None:
    moved = edit_picture(PIXELS, Edit(right=right, down=down))
    across, along = right // 5, down // 5
    expected = np.full_like(PIXELS, 255)
    for row in range(20):
        for column in range(20):
            if 0 <= row - along < 20 and 0 <= column - across < 20:
                expected[row, column] = PIXELS[row - along, column - across]
    assert (moved == expected).all()


def test_grey_takes_the_colour_by_shares() -> None:
    grey = edit_picture(PIXELS, Edit(grey=100))
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 1] == grey[..., 2]).all()
    half = edit_picture(PIXELS, Edit(grey=50)).astype(int)
    assert np.abs(half - (PIXELS.astype(int) + grey.astype(int)) / 2).max() <= 1


def test_hue_turns_red_into_green() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    turned = edit_picture(red, Edit(hue=120))
    assert turned[0, 0, 1] == 200
    assert turned[0, 0, 0] <= 6, "hue has 256 steps"


def test_the_cover_lies_where_it_should() -> None:
    covered = edit_picture(PIXELS, Edit(cover=50, cover_x=25, cover_y=75))
    assert (covered[10:20, 0:10] == 127).all()
    assert (covered[:10] == PIXELS[:10]).all()
    assert (covered[:, 10:] == PIXELS[:, 10:]).all()


def test_blur_keeps_the_mean_and_lowers_the_spread() -> None:
    blurred = edit_picture(PIXELS, Edit(blur=3))
    assert blurred.std() < PIXELS.std() / 2
    assert blurred.mean() == pytest.approx(PIXELS.mean(), abs=6)
