"""The trash: deleted runs wait there, to be taken back or removed for good."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from tlviz.errors import StorageError, UnknownNameError
from tlviz.home import home, make_folder, runs_folder, storage_errors
from tlviz.runs.store.folder import RunFolder


def trash_folder() -> Path:
    """Return the folder that holds deleted runs."""
    return home() / "bin"


def discard(run: RunFolder) -> RunFolder:
    """Move a run that is over into the trash and return its new folder.

    Raises ``StorageError`` while a worker uses it, where it is no run of this home, or where the disk refuses.
    """
    run.check_deletable()
    place = _free(make_folder(trash_folder()), run.name)
    with storage_errors(place):
        run.path.rename(place)
    return RunFolder(place)


def restore(name: str) -> RunFolder:
    """Take a run out of the trash again.  Raises ``UnknownNameError`` or ``StorageError``."""
    found = next((run for run in list_trash() if run.name == name), None)
    if found is None:
        raise UnknownNameError("deleted run", name, [run.name for run in list_trash()])
    place = _free(make_folder(runs_folder()), name)
    with storage_errors(place):
        found.path.rename(place)
    return RunFolder(place)


def list_trash() -> list[RunFolder]:
    """Return the runs in the trash, newest first."""
    try:
        found = sorted(trash_folder().iterdir(), key=lambda path: path.name, reverse=True)
    except OSError:
        return []
    return [RunFolder(path) for path in found if (path / "config.json").exists()]


def trash_size() -> int:
    """Return the bytes that the trash takes."""
    total = 0
    for path in trash_folder().rglob("*") if trash_folder().exists() else ():
        try:
            total += path.lstat().st_size
        except OSError:  # it is just being removed
            continue
    return total


def empty_trash() -> int:
    """Remove the runs in the trash for good and return how many there were.  Raises ``StorageError``."""
    runs = list_trash()
    for run in runs:
        with storage_errors(run.path):
            shutil.rmtree(run.path)
    return len(runs)


def _free(folder: Path, name: str) -> Path:
    """Return a path of this name, or where it is taken one like it."""
    place = folder / name
    if place.exists():
        place = folder / f"{name}-{uuid.uuid4().hex[:4]}"
    if place.parent != folder:
        raise StorageError(f"'{name}' is not the name of a run.")
    return place
