"""A target as it is described before anything is decoded."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from tlviz.data.sources.folder import FolderIndex
from tlviz.data.sources.target import file_sources, folder_target


def test_pictures_have_the_same_names_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of exclusions, a run's folder and a command of the guide are the same on every system."""
    root: Any = PureWindowsPath(r"C:\pictures")
    files: Any = (root / "cat" / "1.png", root / "dog" / "small" / "2.png")
    monkeypatch.setattr("tlviz.data.sources.target.os.sep", "\\")
    target = folder_target(FolderIndex(root, ("cat", "dog"), files, (0, 1), ("", ""), ()), "t", "w", may_flip=True)
    assert target.names == ("cat/1.png", "dog/small/2.png")


def test_a_stamp_changes_with_the_size_the_time_and_the_real_path(tmp_path: Path) -> None:
    file, link = tmp_path / "1.png", tmp_path / "2.png"
    file.write_bytes(b"12345")
    os.utime(file, ns=(1, 7_000_000_000))
    link.symlink_to(file)
    (tmp_path / "3.png").symlink_to(tmp_path / "gone.png")
    real = os.path.realpath(file)
    stamps = [source.stamp for source in file_sources([file, link, tmp_path / "3.png"])]
    assert stamps[:2] == [f"{real}|5|7000000000"] * 2
    assert stamps[2].endswith("|missing")
