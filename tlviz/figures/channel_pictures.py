"""The pictures that show what a channel is for: crops around a peak, whole pictures with the crop marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from tlviz.data.pixels.pictures import Pixels

if TYPE_CHECKING:
    from tlviz.explore.channels.crops import CropBox

TILE = 112
"""Side of a tile in pixels: larger pictures are made smaller, small ones enlarged by a whole factor, crisply."""


def cut_out(pictures: Sequence[Pixels], boxes: Sequence[CropBox]) -> Pixels:
    """Return the crop of each picture, uint8 (N, T, T, 3); all boxes have the same side."""
    crops = [
        picture[box.top : box.top + box.side, box.left : box.left + box.side]
        for picture, box in zip(pictures, boxes, strict=True)
    ]
    return np.stack([to_tile(crop) for crop in crops])


def mark_boxes(pictures: Sequence[Pixels], boxes: Sequence[CropBox], colour: str) -> Pixels:
    """Return whole pictures as tiles, uint8 (N, T, T, 3), each with its box drawn in a colour on white."""
    return np.stack([_marked(picture, box, colour) for picture, box in zip(pictures, boxes, strict=True)])


def to_tile(picture: Pixels, side: int = TILE) -> Pixels:
    """Return a square picture at about the side of a tile: exactly where it is made smaller."""
    if len(picture) > side:
        image = Image.fromarray(np.ascontiguousarray(picture)).resize((side, side), Image.Resampling.LANCZOS)
        return np.asarray(image)
    factor = max(1, side // len(picture))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _marked(picture: Pixels, box: CropBox, colour: str) -> Pixels:
    tile = to_tile(picture)
    scale = len(tile) / len(picture)
    image = Image.fromarray(np.ascontiguousarray(tile))
    last = len(tile) - 1
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = (min(last, round((at + box.side) * scale) - 1) for at in (box.left, box.top))
    draw = ImageDraw.Draw(image)
    draw.rectangle((max(0, left - 1), max(0, top - 1), min(last, right + 1), min(last, bottom + 1)), outline="white")
    draw.rectangle((left, top, right, bottom), outline=colour, width=2)
    return np.asarray(image)
