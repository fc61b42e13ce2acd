"""A run's curve and its confusion matrix as PNG files of their own, for a page that shows pictures and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tlviz.figures.sprites import to_png
from tlviz.figures.theme import readable_on, run_colour

MOST_CLASSES = 40
_FINER = 3
"""Lines are drawn so many times larger and then reduced, which smooths them."""
_INK, _FAINT, _PAPER = (28, 35, 43), (208, 213, 219), (255, 255, 255)
_TEXT, _MOST_LETTERS, _MOST_NAMED = 15, 14, 20
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 20, 44, 52

Point = tuple[float, float]


def curve_picture(epochs: Sequence[Mapping[str, Any]], best_epoch: int | None, run: int) -> bytes:
    """Draw validation and training accuracy over the epochs of a run, the best one marked, as PNG."""
    validation = _points(epochs, "val_accuracy")
    training = _points(epochs, "train_accuracy")
    last = max([1.0, *(x for x, _ in validation)])
    low, high = _range([y for _, y in (*validation, *training)])

    def place(x: float, y: float) -> Point:
        across = (_WIDTH - _LEFT - _RIGHT) * x / last
        return _LEFT + across, _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (y - low) / (high - low)

    colour = _rgb(run_colour(run))
    ticks = [low + (high - low) * part / 5 for part in range(6)]
    sheet, draw = _large(_WIDTH, _HEIGHT)
    for tick in ticks:
        _line(draw, [place(0, tick), place(last, tick)], _FAINT, 1)
    _line(draw, [place(*point) for point in training], tuple((c + 255) // 2 for c in colour), 2)
    _line(draw, [place(*point) for point in validation], colour, 3)
    for x, y in validation:
        _dot(draw, place(x, y), colour, 8 if x == best_epoch else 3)
    picture = sheet.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(_TEXT)
    for tick in ticks:
        pen.text((_LEFT - 8, place(0, tick)[1]), f"{tick:.0%}", _INK, font, anchor="rm")
    step = max(1, round(last) // 10)
    for epoch in range(0, round(last) + 1, step):
        pen.text((place(epoch, low)[0], _HEIGHT - _BOTTOM + 8), str(epoch), _INK, font, anchor="mt")
    pen.text((_WIDTH / 2, _HEIGHT - 8), "epoch", _INK, font, anchor="mb")
    words = "accuracy: validation (line with dots, the best epoch large)"
    pen.text((_LEFT, 14), f"{words} and training (pale)" if training else words, _INK, font)
    return to_png(np.asarray(picture))


def confusion_picture(matrix: NDArray[np.int64], classes: Sequence[str], run: int) -> bytes:
    """Draw counts (C, C), row the label and column the guess, shaded by the share of the label's images, as PNG.

    Names that are long, many or of a script that the font lacks are replaced by their numbers, counted from 0.
    """
    matrix = matrix[:MOST_CLASSES, :MOST_CLASSES]
    count = len(matrix)
    names = _names(classes[:count])
    cell = 44 if count <= 12 else 24
    font, small = ImageFont.load_default(_TEXT), ImageFont.load_default(13 if cell > 30 else 10)
    room = 24 + round(max(font.getlength(name) for name in names))
    side = cell * count
    picture = Image.new("RGB", (room + side + 24, 34 + side + room), _PAPER)
    pen = ImageDraw.Draw(picture)
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    full = np.array(_rgb(run_colour(run)), dtype=np.float64)
    pen.text((room, 10), "rows: the label, columns: what it was taken for, images", _INK, ImageFont.load_default(13))
    for row in range(count):
        top = 34 + row * cell
        pen.text((room - 8, top + cell / 2), names[row], _INK, font, anchor="rm")
        for column in range(count):
            mixed = 255 + (full - 255) * (0.06 + 0.94 * share[row, column])
            colour = tuple(int(value) for value in mixed.round())
            left = room + column * cell
            pen.rectangle((left, top, left + cell - 2, top + cell - 2), colour)
            if matrix[row, column]:
                words, ink = str(matrix[row, column]), readable_on(*colour[:3])
                pen.text((left + cell / 2 - 1, top + cell / 2), words, ink, small, anchor="mm")
    below = Image.new("RGB", (room, side), _PAPER)
    turned = ImageDraw.Draw(below)
    for column, name in enumerate(names):
        turned.text((room - 8, column * cell + cell / 2), name, _INK, font, anchor="rm")
    picture.paste(below.transpose(Image.Transpose.ROTATE_90), (room, 34 + side))
    return to_png(np.asarray(picture))


def _points(epochs: Sequence[Mapping[str, Any]], measure: str) -> list[Point]:
    return [(float(e["epoch"]), float(e[measure])) for e in epochs if isinstance(e.get(measure), int | float)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return where an axis of shares begins and ends, in steps of ten points, with room for five lines."""
    low = np.floor(min(values, default=0.0) * 10) / 10
    high = np.ceil(max(values, default=1.0) * 10) / 10
    return max(0.0, float(low)), max(float(high), float(low) + 0.1)


def _names(classes: Sequence[str]) -> list[str]:
    font = ImageFont.load_default(_TEXT)
    unknown = bytes(font.getmask("\U0010fffd"))
    are_drawn = all(
        0 < len(name) <= _MOST_LETTERS and name.isprintable() and all(bytes(font.getmask(x)) != unknown for x in name)
        for name in classes
    )
    return list(classes) if are_drawn and len(classes) <= _MOST_NAMED else [str(at) for at in range(len(classes))]


def _large(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("RGB", (width * _FINER, height * _FINER), _PAPER)
    return sheet, ImageDraw.Draw(sheet)


def _line(draw: ImageDraw.ImageDraw, points: Sequence[Point], colour: tuple[int, ...], width: int) -> None:
    if len(points) > 1:
        draw.line([(x * _FINER, y * _FINER) for x, y in points], colour, width * _FINER, joint="curve")


def _dot(draw: ImageDraw.ImageDraw, at: Point, colour: tuple[int, ...], radius: int) -> None:
    x, y, reach = at[0] * _FINER, at[1] * _FINER, radius * _FINER
    draw.ellipse((x - reach, y - reach, x + reach, y + reach), colour)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue
