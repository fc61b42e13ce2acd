"""Sprites and curves hold what they should."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tlviz.figures.curves import plot_curves
from tlviz.figures.sprites import paint, tile, to_png
from tlviz.figures.theme import run_colour


def test_run_colours_are_distinct_and_repeat() -> None:
    assert len({run_colour(at) for at in range(6)}) == 6
    assert run_colour(6) == run_colour(0)


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


def test_curves_hold_the_events_and_mark_the_best() -> None:
    epochs = [
        {"epoch": 0, "train_accuracy": None, "train_loss": None, "val_accuracy": 0.1, "val_loss": 2.0},
        {"epoch": 1, "train_accuracy": 0.5, "train_loss": 1.5, "val_accuracy": 0.6, "val_loss": 1.2},
    ]
    figure = plot_curves(epochs, 1, 10, "run")
    by_name = {(trace.name, trace.yaxis): trace for trace in figure.data}
    assert by_name["validation", "y"].y == (0.1, 0.6)
    assert by_name["training", "y"].x == (1,)
    assert by_name["training", "y2"].y == (1.5,)
    assert by_name["best epoch, kept", "y"].x == (1,)
    assert figure.layout.uirevision == "run"
    assert len(plot_curves([], None, 10, "run").data) == 4
