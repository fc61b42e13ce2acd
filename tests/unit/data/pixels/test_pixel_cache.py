"""Decoded targets on disk are bounded, and what is in use stays."""

from __future__ import annotations

import os

import pytest

from tests.unit.data.pixels.counted import GEOMETRY, Counted, stored
from tlviz.data.pixels import pixel_cache
from tlviz.data.pixels.ingest import ingest
from tlviz.home import cache_folder


def test_the_least_recently_used_entries_go(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_cache, "KEEP", 3)
    parent = cache_folder("images")
    names: list[str] = []
    for at in range(3):
        ingest([counted.source(at)], GEOMETRY)
        (new,) = set(stored()) - set(names)
        names.append(new)
        os.utime(parent / new, (1000 + at, 1000 + at))
    ingest([counted.source(0)], GEOMETRY)  # used again: now the second is the oldest
    ingest([counted.source(3)], GEOMETRY)
    left = set(stored())
    assert len(left) == 3
    assert set(names) - left == {names[1]}
    assert counted.calls == 4
    ingest([counted.source(1)], GEOMETRY)
    assert counted.calls == 5
    assert set(names) - set(stored()) == {names[2]}


def test_the_limit_is_no_smaller_than_it_says(counted: Counted) -> None:
    for at in range(pixel_cache.KEEP + 2):
        ingest([counted.source(at)], GEOMETRY)
    assert len(stored()) == pixel_cache.KEEP == 24


def test_rows_come_from_several_earlier_entries(counted: Counted) -> None:
    ingest([counted.source(at) for at in range(5)], GEOMETRY)
    ingest([counted.source(at) for at in range(5, 9)], GEOMETRY)
    assert ingest([counted.source(at) for at in range(9)], GEOMETRY).pixels[:, 4, 4, 0].tolist() == list(range(9))
    assert counted.calls == 9


@pytest.mark.parametrize("file", ["digests.bin", "index.json", "pixels.npy"])
def test_a_damaged_earlier_entry_is_not_relied_on(counted: Counted, file: str) -> None:
    ingest([counted.source(at) for at in range(5)], GEOMETRY)
    (cache_folder("images") / stored()[0] / file).unlink()
    decoded = ingest([counted.source(at) for at in range(1, 6)], GEOMETRY)
    assert decoded.pixels[:, 4, 4, 0].tolist() == [1, 2, 3, 4, 5]


def test_a_target_in_use_outlives_its_entry(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_cache, "KEEP", 1)
    used = ingest([counted.source(at) for at in range(5)], GEOMETRY)
    (old,) = stored()
    ingest([counted.source(9, stamp="other")], GEOMETRY)
    assert old not in stored()
    assert used.pixels[:, 4, 4, 0].tolist() == [0, 1, 2, 3, 4]


def test_the_entries_are_bounded_in_bytes_but_the_newest_stays(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixel_cache, "KEEP_BYTES", 5 * 8 * 8 * 3 + 4 * 128)
    for at in range(4):
        ingest([counted.source(10 * at), counted.source(10 * at + 1)], GEOMETRY)
        os.utime(cache_folder("images") / stored()[0], None)
    assert len(stored()) == 2
    large = [counted.source(100 + at) for at in range(30)]
    assert ingest(large, GEOMETRY).kept == list(range(30))
    assert len(stored()) == 1
