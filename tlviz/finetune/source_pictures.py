"""Pictures like those of the source, by which it is told what is left of it; none of them trains the run."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.ingest import Geometry, Source, ingest
from tlviz.data.pixels.lazy_rows import PixelRows
from tlviz.data.pixels.pictures import Pixels, open_picture
from tlviz.data.sources.folder import scan_folder
from tlviz.home import ASSETS

PICTURES = 48
"""Enough to see an agreement fall, and read within a second."""
FEWEST = 10
"""With fewer pictures than that, one standard error is over 9 points even where all agree: nothing is told."""
SAME = 0.96
"""Thumbnails that correlate this much show one picture: different photographs reach 0.945, copies at JPEG quality 10
0.97 (see ``is_near`` of the doctor).  One left out too many costs nothing."""
_SIDE = 16
_CHUNK = 256

Thumbs = NDArray[np.float32]


def source_pictures(
    geometry: Geometry, pixels: Pixels | PixelRows | None = None, trained: NDArray[np.int64] | None = None
) -> Pixels:
    """Return up to ``PICTURES`` bundled photographs, uint8 (n, S, S, 3), evenly taken from all classes.

    None of them shows what an image of the run that trains shows: ``trained`` (n,) are positions among the run's
    ``pixels`` (N, S, S, 3), and contents are compared, mirrored too, whatever the files are called.  Raises
    ``BadDatasetError`` or ``StorageError`` where they cannot be read or stored.
    """
    files = scan_folder(ASSETS / "datasets" / "photos").files
    sources = [Source(str(file), f"{file}|{file.stat().st_mtime_ns}", partial(open_picture, file)) for file in files]
    usual = ingest([sources[at] for at in _evenly(len(sources))], geometry).pixels
    if pixels is None or trained is None or not shown_among(usual, pixels, trained).any():
        return usual
    every = ingest(sources, geometry).pixels
    free = np.flatnonzero(~shown_among(every, pixels, trained))
    return every[free[_evenly(len(free))]]


def shown_among(pictures: Pixels, pixels: Pixels | PixelRows, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pictures (n, S, S, 3) some of the given rows of pixels (N, S, S, 3) show too, as copies of them."""
    wanted = [_thumbs(shown) for shown in (pictures, pictures[:, :, ::-1])]
    found = np.zeros(len(pictures), bool)
    for start in range(0, len(rows), _CHUNK):
        seen = _thumbs(pixels[rows[start : start + _CHUNK]])
        for thumbs in wanted:
            found |= (thumbs @ seen.T >= SAME).any(1)
    return found


def _evenly(count: int) -> NDArray[np.int64]:
    return np.linspace(0, max(0, count - 1), min(PICTURES, count)).round().astype(np.int64)


def _thumbs(pixels: Pixels) -> Thumbs:
    """Return sums over a grid of cells, centred and of length 1, so that a product is a correlation: (n, cells)."""
    side = pixels.shape[1]
    starts = np.linspace(0, side, min(_SIDE, side), endpoint=False).astype(np.int64)
    rows = np.add.reduceat(pixels, starts, axis=1, dtype=np.uint32)
    cells = np.add.reduceat(rows, starts, axis=2).astype(np.float32) / np.diff(starts, append=side)[:, None, None]
    flat = (cells / np.diff(starts, append=side)[:, None]).reshape(len(pixels), -1)
    flat -= flat.mean(1, keepdims=True)
    thumbs: Thumbs = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-3)
    return thumbs
