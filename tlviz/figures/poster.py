"""Sprites with their titles as one picture that can be sent to somebody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tlviz.data.pixels.pictures import Pixels
from tlviz.figures.sprites import to_png

_PANE = 720
_GAP = 18
_TITLE = 150
_TEXT = 17
_INK, _PAPER = (28, 35, 43), "white"


def poster(
    rows: Sequence[tuple[str, str, Sequence[Pixels]]], headings: Sequence[str], caption: str, pane_width: int = _PANE
) -> bytes:
    """Draw rows of a title, words and sprites (h, w, 3 or 4) below their headings, on white, as PNG."""
    panes = [[_scaled(pixels, pane_width) for pixels in sprites] for _, _, sprites in rows]
    heights = [max(image.height for image in line) + _GAP for line in panes]
    top = _GAP + (2 * _TEXT if any(headings) else 0)
    width = _TITLE + len(headings) * (pane_width + _GAP) + _GAP
    sheet = Image.new("RGB", (width, top + sum(heights) + 2 * _TEXT + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_TEXT)
    for at, words in enumerate(headings):
        draw.text((_TITLE + at * (pane_width + _GAP), _GAP), words, _INK, font)
    for (title, words, _), line, height in zip(rows, panes, heights, strict=True):
        draw.text((_GAP, top), f"{_wrapped(title)}\n{words}", _INK, font)
        for at, image in enumerate(line):
            sheet.paste(image, (_TITLE + at * (pane_width + _GAP), top), image)
        top += height
    draw.text((_GAP, top), caption, _INK, font)
    return to_png(np.asarray(sheet))


def _scaled(pixels: Pixels, width: int) -> Image.Image:
    image = Image.fromarray(pixels).convert("RGBA")
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.NEAREST)


def _wrapped(title: str, length: int = 15) -> str:
    return "\n".join(title[at : at + length] for at in range(0, len(title), length))
