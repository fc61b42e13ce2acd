"""Files arrive whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.errors import StorageError
from tlviz.home import find_app, home, write_atomic


def test_home_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "x"))
    assert home() == tmp_path / "x"
    monkeypatch.delenv("TLVIZ_HOME")
    assert home().name == "tlviz"


def test_the_app_is_found_beside_a_checkout_and_inside_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "tlviz"
    (package.parent / "assets").mkdir(parents=True)
    assert find_app(package) == package.parent
    (package / "_app").mkdir(parents=True)
    assert find_app(package) == package / "_app", "assets beside it are another project's"


def test_a_failed_write_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path], "no temporary file stays"
