"""Rows of a decoded target are indexed as the array would be, and read only when asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tlviz.data.pixels.lazy_rows import PixelRows


def test_rows_are_indexed_like_the_array_they_stand_for() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    chosen = np.array([7, 1, 3, 8])
    rows, copy = PixelRows(pixels, chosen), pixels[chosen]
    assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == (copy.shape, copy.dtype, copy.ndim, len(copy))
    mask = np.array([True, False, True, True])
    for key in (2, -1, slice(1, 3), [3, 0], np.array([2, 2]), mask, (0, 1), (slice(None), 2, 2, 0), (1, ..., 0),
                (slice(0, 4, 2), slice(None, None, 2)), (..., 0), ..., ([1, 2], slice(None), 0)):  # fmt: skip
        assert np.array_equal(rows[key], copy[key]), key
    assert np.array_equal(np.asarray(rows), copy)
    assert np.array_equal(np.stack(list(rows)), copy)
    with pytest.raises(IndexError):
        rows[4]


def test_rows_read_only_what_is_asked_for(tmp_path: Path) -> None:
    """A map far larger than memory costs nothing until its rows are read."""
    shape = (2_000_000, 224, 224, 3)
    pixels = np.memmap(tmp_path / "sparse", np.uint8, "w+", shape=shape)
    rows = PixelRows(pixels, np.arange(1, len(pixels), 2))
    assert rows[999_999].shape == (224, 224, 3)
    assert rows[[5, 7]].shape == (2, 224, 224, 3)
