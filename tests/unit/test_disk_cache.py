"""Results kept on disk: whole or not at all, the least recently used go first, a damaged one is none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tlviz.disk_cache import keep_arrays, keep_file, read_arrays


def keep(folder: Path, name: str, age_s: float, size: int = 10, most: int = 9) -> None:
    keep_file(folder / f"{name}.json", b"x" * size, most)
    os.utime(folder / f"{name}.json", (1e9 - age_s, 1e9 - age_s))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_the_least_recently_used_go_first_and_other_kinds_stay(tmp_path: Path) -> None:
    (tmp_path / "other.npz").touch()
    (tmp_path / ".half.json").touch()
    for age, name in enumerate("abcd"):
        keep(tmp_path, name, age)
    keep_file(tmp_path / "new.json", b"x", 3)
    assert names(tmp_path) == {"a.json", "b.json", "new.json", "other.npz", ".half.json"}


def test_the_bytes_are_bounded_too_and_the_newest_stays_whatever_its_size(tmp_path: Path) -> None:
    for age, name in enumerate("abc"):
        keep(tmp_path, name, age, size=100)
    keep_file(tmp_path / "new.json", b"x" * 50, 9, 250)
    assert names(tmp_path) == {"a.json", "b.json", "new.json"}
    keep_file(tmp_path / "huge.json", b"x" * 999, 9, 250)
    assert names(tmp_path) == {"huge.json"}


def test_what_is_read_counts_as_used(tmp_path: Path) -> None:
    for age, name in enumerate("ab"):
        keep_arrays(tmp_path / f"{name}.npz", {"x": np.arange(3)}, 9)
        os.utime(tmp_path / f"{name}.npz", (1e9 - age, 1e9 - age))
    read = read_arrays(tmp_path / "b.npz")
    assert read is not None
    assert read["x"].tolist() == [0, 1, 2]
    keep_arrays(tmp_path / "c.npz", {}, 2)
    assert names(tmp_path) == {"b.npz", "c.npz"}


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 half", b"\x93NUMPY"])
def test_a_missing_or_damaged_file_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    assert read_arrays(tmp_path / "a.npz") is None


def test_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        keep_arrays(tmp_path / "a.npz", {"x": objects}, 9)
    np.savez(tmp_path / "b.npz", x=objects)
    assert read_arrays(tmp_path / "b.npz") is None
