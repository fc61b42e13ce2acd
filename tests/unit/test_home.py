"""Files arrive whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tlviz.errors import StorageError
from tlviz.home import (
    find_app,
    forget,
    home,
    is_disk_trouble,
    is_portable_name,
    is_written_like_a_path,
    storage_errors,
    write_atomic,
)


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


class HeldOpen:
    """Refuses to replace a file some times, as Windows does while a reader has the old one open."""

    def __init__(self, times: int, code: int) -> None:
        self.times = times
        self.code = code
        self._replace = Path.replace

    def __call__(self, path: Path, target: Path) -> Path:
        if self.times:
            self.times -= 1
            error = PermissionError(13, "Access is denied")
            error.winerror = self.code  # type: ignore[attr-defined]
            raise error
        return self._replace(path, target)


def test_a_file_that_windows_holds_for_a_reader_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tlviz.home.time.sleep", waits.append)
    path = tmp_path / "heartbeat"
    write_atomic(path, b"old")
    held = HeldOpen(3, 32)
    monkeypatch.setattr(Path, "replace", lambda *arguments: held(*arguments))
    write_atomic(path, b"new")
    assert (path.read_bytes(), len(waits)) == (b"new", 3)
    held.times = 1000
    with pytest.raises(StorageError, match="Access is denied"):
        write_atomic(path, b"newer")
    assert path.read_bytes() == b"new"
    assert sum(waits[3:]) < 3, "not for ever"
    assert list(tmp_path.iterdir()) == [path]


def test_any_other_refusal_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tlviz.home.time.sleep", waits.append)
    held = HeldOpen(1000, 19)
    monkeypatch.setattr(Path, "replace", lambda *arguments: held(*arguments))
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "file", b"new")
    assert not waits


def test_a_kept_file_that_is_being_read_stays_until_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.npz"
    path.write_bytes(b"1")
    with monkeypatch.context() as windows:
        windows.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "in use")))
        forget(path)
    assert path.exists()
    forget(path)
    forget(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["CON", "nul.txt", "com1", "LPT9.safetensors", "aux .png", "net.", "net ", "a:b", "a?", "a\tb", "a/b", ""]
)
def test_names_that_windows_cannot_hold(name: str) -> None:
    assert not is_portable_name(name)


@pytest.mark.parametrize("name", ["console", "net.v2", "comet1", "Äpfel.png", ".tlviz.json", "com", "nul-1"])
def test_names_that_every_system_can_hold(name: str) -> None:
    assert is_portable_name(name)


def test_windows_has_two_separators(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_written_like_a_path("runs/one")
    assert not is_written_like_a_path("runs\\one")
    monkeypatch.setattr("tlviz.home.os.sep", "\\")
    monkeypatch.setattr("tlviz.home.os.altsep", "/")
    assert is_written_like_a_path("runs/one")
    assert is_written_like_a_path("runs\\one")
    assert not is_written_like_a_path("one")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full. Cannot write"),
        (errno.EDQUOT, "The disk is full: all that you may use of it is used up. Cannot write"),
        (errno.EROFS, "The disk is read-only. Cannot write"),
        (errno.EIO, "The disk does not work properly. Cannot write"),
        (errno.ENOENT, "Cannot write"),
        (errno.EISDIR, "Cannot write"),
    ],
)
def test_what_a_disk_says_is_said_in_words(number: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, storage_errors(tmp_path):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(words)
    assert str(caught.value).endswith("a folder you can write to; what was written before is kept.")
    assert is_disk_trouble(OSError(number, "")) is (number not in (errno.ENOENT, errno.EISDIR))
