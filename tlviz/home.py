"""The one folder that tlviz writes to, and how a file is written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
        reason = error.strerror or str(error)
        remedy = "set TLVIZ_HOME to" if path.is_relative_to(home()) else "choose"
        raise StorageError(
            f"Cannot write {path}: {reason}. Free some space, or {remedy} a folder you can write to; "
            "what was written before is kept."
        ) from error


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
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
