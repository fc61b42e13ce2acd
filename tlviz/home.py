"""The one folder that tlviz writes to, and how a file is written completely or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_data_path

from tlviz.errors import StorageError

_PACKAGE = Path(__file__).resolve().parent
PROJECT_ROOT = _PACKAGE.parent
"""The folder that Python finds the package in: the checkout, or ``site-packages``."""


def find_app(package: Path) -> Path:
    """Return the folder of ``app.py``, ``pages/`` and ``assets/``: in an installed package, beside one in a checkout.

    The one inside comes first: beside an installed package lie other projects' files.
    """
    installed = package / "_app"
    return installed if installed.is_dir() else package.parent


APP_FOLDER = find_app(_PACKAGE)
ASSETS = APP_FOLDER / "assets"

_IN_THE_WAY = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR}
_DISK_WORDS = {
    errno.ENOSPC: "The disk is full. ",
    errno.EDQUOT: "The disk is full: all that you may use of it is used up. ",
    errno.EROFS: "The disk is read-only. ",
    errno.EIO: "The disk does not work properly. ",
}
"""What a person calls these errors."""
_HELD_OPEN = {5, 32, 1224}
"""What Windows says where a reader has the file open that is to be replaced: access denied, in use, mapped."""
_WAITS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_PORTS = {f"{port}{digit}" for port in ("COM", "LPT") for digit in range(10)}
_WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL"} | _PORTS
_WINDOWS_REFUSES = frozenset('<>:"/\\|?*') | {chr(code) for code in range(32)}


def home() -> Path:
    """Return the folder for runs and caches: ``TLVIZ_HOME``, or the platform's user data folder."""
    chosen = os.environ.get("TLVIZ_HOME")
    return Path(chosen).expanduser() if chosen else user_data_path("tlviz", appauthor=False)


def runs_folder() -> Path:
    """Return the folder that holds one sub-folder a run."""
    return home() / "runs"


def cache_folder(kind: str) -> Path:
    """Return the folder of one kind of cached data, such as ``images``."""
    return home() / "cache" / kind


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn a full, read-only or vanished disk into a ``StorageError`` that names the location."""
    try:
        yield
    except OSError as error:
        raise StorageError(disk_words(error, path)) from error


def is_disk_trouble(error: OSError) -> bool:
    """Return whether an error says that a disk is full, read-only or broken."""
    return error.errno in _DISK_WORDS


def disk_words(error: OSError, path: Path) -> str:
    """Say why a file or folder cannot be written and what to do about it."""
    remedy = "set TLVIZ_HOME to" if path.is_relative_to(home()) else "choose"
    if error.errno in _IN_THE_WAY:
        advice = "Something else of that name is in the way: move it"
    elif error.errno == errno.ENOENT:
        advice = "A folder on the way to it is gone: make it again"
    else:
        advice = "Free some space"
    said = f"{_DISK_WORDS.get(error.errno or 0, '')}Cannot write {path}: {error.strerror or error}. "
    return f"{said}{advice}, or {remedy} a folder you can write to; what was written before is kept."


def make_folder(path: Path) -> Path:
    """Create a folder and its parents.  Raises ``StorageError`` where that fails."""
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def write_atomic(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a reader or a crash never meets half of it.

    Raises ``StorageError``; the previous content then stays.
    """
    with storage_errors(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _put(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace a file by a text as UTF-8 in one step.

    Halves of characters, which names on a disk may hold and UTF-8 cannot, are written as JSON and
    Python escape them, and are then read as the very name.  Raises ``StorageError``; the previous content then stays.
    """
    write_atomic(path, text.encode("utf-8", "backslashreplace"))


def _put(temporary: Path, path: Path) -> None:
    """Replace a file; where Windows refuses because somebody is reading the old one, try again for two seconds."""
    for wait_s in _WAITS_S:
        try:
            temporary.replace(path)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _HELD_OPEN:
                raise
            time.sleep(wait_s)
    temporary.replace(path)


def forget(file: Path) -> None:
    """Remove a file that is only kept to save time; one that Windows holds for a reader stays until the next time."""
    with suppress(OSError):
        file.unlink()


def is_portable_name(name: str) -> bool:
    """Return whether every system can hold a file or folder of this name; Windows has most that it cannot."""
    is_device = name.partition(".")[0].rstrip(" ").upper() in _WINDOWS_DEVICES
    return bool(name) and not is_device and name[-1] not in " ." and _WINDOWS_REFUSES.isdisjoint(name)


def is_written_like_a_path(text: str) -> bool:
    """Return whether what a person typed has a separator of folders; Windows has two, and people type either."""
    return any(separator in text for separator in (os.sep, os.altsep) if separator)
