"""A picture whose content changes is found by name, and one that only looks new is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tlviz.data.fingerprints import changed_names, fingerprints, named
from tlviz.data.images import ImageSet
from tlviz.data.pixels.lazy_rows import PixelRows


def test_one_changed_pixel_is_found(colours: ImageSet) -> None:
    before = fingerprints(colours)
    assert before.shape == (60,)
    assert before.nbytes == 240
    assert not changed_names(colours, before, fingerprints(colours))
    pixels = colours.pixels[:].copy()
    pixels[7, 31, 31, 2] ^= 1
    pixels[9, 0, 0, 0] ^= 128
    now = fingerprints(replace(colours, pixels=pixels))
    assert changed_names(colours, before, now) == [colours.names[7], colours.names[9]]


def test_rows_that_are_read_lazily_are_the_same(colours: ImageSet) -> None:
    rows = np.array([5, 3, 8])
    some = replace(colours, pixels=PixelRows(colours.pixels, rows), names=tuple(colours.names[at] for at in rows))
    assert np.array_equal(fingerprints(some), fingerprints(colours)[rows])


def test_a_huge_target_is_looked_at_in_part(colours: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlviz.data.fingerprints.MOST_BYTES", 60 * 32 * 32 * 3 // 4)
    assert not np.array_equal(fingerprints(colours)[:1], fingerprints(colours)[1:2])


def test_names_are_counted() -> None:
    assert named(["a"]) == "a"
    assert named(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
