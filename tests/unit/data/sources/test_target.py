"""A target as it is described before anything is decoded."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import Any

import pytest

from tlviz.data.sources.folder import FolderIndex
from tlviz.data.sources.target import folder_target


def test_pictures_have_the_same_names_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of exclusions, a run's folder and a command of the guide are the same on every system."""
    root: Any = PureWindowsPath(r"C:\pictures")
    files: Any = (root / "cat" / "1.png", root / "dog" / "small" / "2.png")
    monkeypatch.setattr("tlviz.data.sources.target.os.sep", "\\")
    target = folder_target(FolderIndex(root, ("cat", "dog"), files, (0, 1), ("", ""), ()), "t", "w", may_flip=True)
    assert target.names == ("cat/1.png", "dog/small/2.png")
