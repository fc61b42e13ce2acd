"""Crops are the pixels they say, and frames lie around them."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore.channels.crops import CropBox
from tlviz.figures.channel_pictures import TILE, cut_out, mark_boxes, to_tile


def noise(side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_a_small_crop_is_enlarged_without_new_colours() -> None:
    picture = noise(64)
    (crop,) = cut_out([picture], [CropBox(10, 20, 16)])
    assert crop.shape == (TILE, TILE, 3)
    assert np.array_equal(crop[::7, ::7], picture[10:26, 20:36])


def test_a_large_crop_is_made_smaller() -> None:
    flat = np.full((224, 224, 3), 90, np.uint8)
    assert np.array_equal(to_tile(flat), np.full((TILE, TILE, 3), 90))


def test_the_frame_lies_around_the_crop() -> None:
    (tile,) = mark_boxes([np.zeros((224, 224, 3), np.uint8)], [CropBox(20, 40, 60)], "#ff0000")
    red = (tile == (255, 0, 0)).all(-1)
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 39, 20, 49)
    assert not red[14:36, 24:46].any()


@pytest.mark.parametrize("box", [CropBox(0, 0, 224), CropBox(0, 160, 64), CropBox(208, 208, 16)])
def test_a_frame_at_the_rim_is_seen(box: CropBox) -> None:
    (tile,) = mark_boxes([np.zeros((224, 224, 3), np.uint8)], [box], "#ff0000")
    assert (tile == (255, 0, 0)).all(-1).sum() > 20
