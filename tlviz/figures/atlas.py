"""The atlas of a network: one row a stage, a few channels each by the crop that excites them most, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tlviz.data.pixels.pictures import Pixels

CELL = 96
_GAP, _MARGIN, _LABEL, _WORDS, _TITLE = 6, 16, 128, 16, 56
_INK, _SOFT, _LINE, _PAPER = "#1c232b", "#5b6570", "#d5dae0", "#ffffff"


@dataclass(frozen=True, slots=True)
class AtlasCell:
    """One channel: its words, the crop that excites it most, and its optimised picture where there is one."""

    words: str
    crop: Pixels
    drawing: Pixels | None = None


@dataclass(frozen=True, slots=True)
class AtlasRow:
    """One stage: its name, a second line, and its channels."""

    stage: str
    words: str
    cells: Sequence[AtlasCell]


def compose_atlas(title: str, subtitle: str, rows: Sequence[AtlasRow], colours: Sequence[str]) -> Pixels:
    """Lay the stages out from top (early) to bottom (late), uint8 (h, w, 3), on white, each in its own of ``colours``.

    Visualisations are below their crops, in the rows that have any.
    """
    columns = max((len(row.cells) for row in rows), default=1)
    heights = [_row_height(row) for row in rows]
    width = 2 * _MARGIN + _LABEL + columns * (CELL + _GAP) - _GAP
    sheet = Image.new("RGB", (width, _MARGIN + _TITLE + sum(heights) + _MARGIN - _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _fitting(draw, (_MARGIN, _MARGIN), title, 20, _INK, width - 2 * _MARGIN)
    _fitting(draw, (_MARGIN, _MARGIN + 28), subtitle, 13, _SOFT, width - 2 * _MARGIN)
    top = _MARGIN + _TITLE
    for row, colour, height in zip(rows, colours, heights, strict=True):
        _draw_row(sheet, draw, row, colour, top, height - 2 * _GAP)
        top += height
    return np.asarray(sheet)


def _row_height(row: AtlasRow) -> int:
    has_drawing = any(cell.drawing is not None for cell in row.cells)
    return CELL + has_drawing * (CELL + _GAP // 2) + _WORDS + 2 * _GAP


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: AtlasRow, colour: str, top: int, height: int) -> None:
    draw.rectangle((_MARGIN, top, _MARGIN + 6, top + height - 1), fill=colour)
    _fitting(draw, (_MARGIN + 16, top + 24), row.stage, 16, _INK, _LABEL - 24)
    _fitting(draw, (_MARGIN + 16, top + 46), row.words, 12, _SOFT, _LABEL - 24)
    for at, cell in enumerate(row.cells):
        left = _MARGIN + _LABEL + at * (CELL + _GAP)
        sheet.paste(_cell(cell.crop), (left, top))
        draw.rectangle((left - 1, top - 1, left + CELL, top + CELL), outline=_LINE)  # a white crop has an edge too
        if cell.drawing is not None:
            sheet.paste(_cell(cell.drawing), (left, top + CELL + _GAP // 2))
        _fitting(draw, (left, top + height - _WORDS + 2), cell.words, 11, _SOFT, CELL)


def _cell(picture: Pixels) -> Image.Image:
    """Return a picture as a cell: a small one enlarged without smoothing, so that it does not look finer than it is."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return image.resize((CELL, CELL), Image.Resampling.LANCZOS if len(picture) > CELL else Image.Resampling.NEAREST)


def _fitting(draw: ImageDraw.ImageDraw, place: tuple[int, int], words: str, size: int, ink: str, width: int) -> None:
    """Write one line, shortened where it is too long."""
    font = ImageFont.load_default(size)
    shown = words
    while shown and draw.textlength(shown, font=font) > width:
        shown = shown[:-2].rstrip() + "…" if len(shown) > 2 else ""
    draw.text(place, shown, font=font, fill=ink)
