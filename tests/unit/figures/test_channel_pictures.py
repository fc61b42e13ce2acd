"""Crops are the pixels they say, frames lie around them, and the atlas has its rows in order."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore.channels.crops import CropBox
from tlviz.figures.atlas import CELL, AtlasCell, AtlasRow, compose_atlas
from tlviz.figures.channel_bars import MOST_BARS, plot_class_changes, plot_class_means
from tlviz.figures.channel_pictures import TILE, cut_out, mark_boxes, to_tile
from tlviz.figures.theme import stage_colours


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


def test_the_atlas_has_a_row_a_stage_in_its_colour_and_shows_crops_and_drawings() -> None:
    crop, drawing = np.full((16, 16, 3), 10, np.uint8), np.full((128, 128, 3), 200, np.uint8)
    first = AtlasRow("stem", "64 channels", [AtlasCell("1", crop), AtlasCell("2", crop, drawing)])
    plain = AtlasRow("head", "a very long line of words that does not fit", [AtlasCell("a" * 90, crop)])
    sheet = compose_atlas("A network looks at a target", "how it was made", [first, plain], stage_colours(2))
    assert (sheet == 10).all(-1).sum() == 3 * CELL**2
    assert (sheet == 200).all(-1).sum() >= CELL**2
    for colour, count in zip(stage_colours(2), (2 * CELL, CELL), strict=True):
        rgb = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert (sheet == rgb).all(-1).sum() >= 6 * count
    assert (sheet[-8:] == 255).all()
    assert (sheet[:, -8:] == 255).all(), "nothing runs over the edge"


def test_bars_are_the_strongest_classes_in_order() -> None:
    means = [0.1, 0.5, float("nan"), *[0.2] * 10]
    figure = plot_class_means([f"class {at}" for at in range(13)], means)
    (bars,) = figure.data
    assert len(bars.x) == MOST_BARS
    assert list(bars.customdata[:3]) == ["class 1", "class 3", "class 4"]
    assert "nan" not in map(str, bars.x)


def test_charts_of_several_networks_share_their_scale() -> None:
    ends = [plot_class_means(("a", "b"), means, 8.0).layout.xaxis.range[1] for means in ((1.0, 2.0), (8.0, 0.5))]
    assert ends[0] == ends[1] >= 8


def test_changes_are_the_largest_first_on_a_scale_with_zero_in_the_middle() -> None:
    figure = plot_class_changes(("a", "b", "c", "d"), [0.5, -2.0, float("nan"), 0.0], 2.0)
    assert list(figure.data[0].x) == [-2.0, 0.5, 0.0]
    low, high = figure.layout.xaxis.range
    assert low == -high
    assert high >= 2
    less, more, _ = figure.data[0].marker.color
    assert less != more


def test_no_change_at_all_has_a_chart_too() -> None:
    assert plot_class_changes(("a", "b"), [0.0, 0.0], 0.0).layout.xaxis.range[1] > 0
