"""A target before it is decoded: how it would be read, and a few of its pictures, the only ones that are opened."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tlviz.data.images import open_target
from tlviz.data.pixels.ingest import Source
from tlviz.data.pixels.opening import read_file
from tlviz.data.pixels.pictures import decode_picture, to_rgb
from tlviz.data.sources.groups import Hint, hint_from_names
from tlviz.data.sources.part_names import PARTS
from tlviz.data.sources.target import Target
from tlviz.errors import BadPictureError

SIDE = 96
MOST_CLASSES, PER_CLASS = 8, 6
DECODE_S = 1.2
"""Opening the sample ends after this long; large pictures on a slow disk are then fewer."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A target that was listed, not decoded.

    ``counts`` maps each part, '' for none, to the pictures of each class; ``wall`` holds of some classes the name, the
    number of pictures, and small squares uint8 (n, S, S, 3); ``damaged`` names pictures of the sample that cannot be
    opened, and why.
    """

    target: Target
    counts: dict[str, list[int]]
    wall: tuple[tuple[str, int, list[Image.Image]], ...]
    damaged: tuple[tuple[str, str], ...] = ()
    groups: int = 0
    hints: tuple[Hint, ...] = ()


def preview_target(name: str) -> Preview:
    """List a target by path and open a sample of its pictures.

    Raises ``BadDatasetError`` where there is nothing to learn from.
    """
    target = open_target(name, must_train=False)
    labels = np.asarray(target.labels)
    counts = {
        part: np.bincount(
            labels[[at for at, own in enumerate(target.parts) if own == part]], minlength=len(target.classes)
        ).tolist()
        for part in sorted(set(target.parts), key=[*PARTS, ""].index)
    }
    damaged: list[tuple[str, str]] = []
    wall = tuple(_wall(target, damaged))
    groups = len(set(target.groups) - {""})
    hint = None if groups else hint_from_names(target.names)
    hints = target.hints or ((hint,) if hint else ())
    return Preview(target, counts, wall, tuple(damaged), groups, hints)


def as_jpeg(squares: Sequence[Image.Image]) -> bytes:
    """Return squares side by side as a JPEG."""
    strip = Image.new("RGB", (SIDE * max(1, len(squares)), SIDE), "white")
    for at, square in enumerate(squares):
        strip.paste(square, (at * SIDE, 0))
    buffer = io.BytesIO()
    strip.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _wall(target: Target, damaged: list[tuple[str, str]]) -> Iterator[tuple[str, int, list[Image.Image]]]:
    """Give the first classes with pictures evenly spaced in each; one of every class before a second of any."""
    labels = np.asarray(target.labels)
    totals = Counter(labels.tolist())
    chosen = {label: _spaced(np.flatnonzero(labels == label)) for label in range(min(MOST_CLASSES, len(totals)))}
    squares: dict[int, list[Image.Image]] = {label: [] for label in chosen}
    end = time.monotonic() + DECODE_S
    for turn in range(PER_CLASS):
        for label, rows in chosen.items():
            if turn >= len(rows) or time.monotonic() > end:
                continue
            try:
                squares[label].append(_small(target.sources[rows[turn]], target))
            except (BadPictureError, OSError) as error:
                damaged.append((target.names[rows[turn]], str(error)))
    for label, found in squares.items():
        yield target.classes[label], totals[label], found


def _spaced(rows: np.ndarray) -> list[int]:
    count = min(PER_CLASS, len(rows))
    return [int(rows[at]) for at in np.linspace(0, len(rows) - 1, count).round().astype(int)] if count else []


def _small(source: Source, target: Target) -> Image.Image:
    """Open one picture, a JPEG at a scale that is enough here, and return it as a square on white."""
    if isinstance(source.path, Path):
        opened = decode_picture(read_file(source.path), source.name, SIDE, target.depth)
        image = to_rgb(opened, source.name, target.depth)
    else:
        image = source.open()[0]
    image.thumbnail((SIDE, SIDE))
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
    return square
