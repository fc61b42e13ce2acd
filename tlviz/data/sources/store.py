"""The folder of unpacked and downloaded targets: each is made beside its final location and moved there when done."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from tlviz.home import home, make_folder, storage_errors, write_atomic
from tlviz.small_files import read_object

NOTE = ".tlviz.json"
"""States where a stored target came from and what was left out; a folder without it is incomplete."""


def datasets_folder() -> Path:
    """Return the folder that holds one sub-folder a stored target."""
    return home() / "datasets"


def stored(name: str) -> Path | None:
    """Return the folder of a stored target, or None where there is no complete one of that name."""
    folder = datasets_folder() / name
    is_name = bool(name) and name == Path(name).name and not name.startswith(".")
    return folder if is_name and (folder / NOTE).is_file() else None


def list_stored() -> list[Path]:
    """Return the folders of all stored targets by name."""
    try:
        names = sorted(entry.name for entry in datasets_folder().iterdir())
    except OSError:
        return []
    return [folder for name in names if (folder := stored(name))]


def read_note(folder: Path) -> dict[str, Any]:
    """Return what a stored target's note says; nothing where it is missing or damaged."""
    return read_object(folder / NOTE) or {}


def stored_title(folder: Path) -> str:
    """Return how a stored target is called where a person reads: as the archive or folder that it was copied from.

    A folder that is not in the store is called by its own name.
    """
    store = datasets_folder()
    if folder.parent.name != store.name or folder.parent.resolve() != store.resolve():
        return folder.name
    note = folder / NOTE
    return _archive_name(folder, note.stat().st_mtime_ns) if note.is_file() else folder.name


@lru_cache(maxsize=1024)
def _archive_name(folder: Path, written_ns: int) -> str:  # noqa: ARG001 (a note that is written anew is read anew)
    return Path(str(read_note(folder).get("archive", folder.name))).name or folder.name


def note_of_stored(folder: Path) -> dict[str, Any]:
    """Return the note of a folder that lies in the store; nothing for any other, as others may have written one there.

    A ``root`` that leads out of the folder is left out.
    """
    place = folder.resolve()
    note = read_note(folder) if place.parent == datasets_folder().resolve() else {}
    root = str(note.get("root", "."))
    is_inside = "\0" not in root and (place / root).resolve().is_relative_to(place)
    return note if is_inside else {name: value for name, value in note.items() if name != "root"}


def write_note(folder: Path, note: dict[str, Any]) -> None:
    """Write a target's note.  Raises ``StorageError``."""
    write_atomic(folder / NOTE, json.dumps(note, indent=1).encode())


@contextmanager
def made_whole(final: Path) -> Iterator[Path]:
    """Give a fresh folder beside ``final``; rename it when the block ends well, remove it when it does not.

    Where another process stored the same meanwhile, its folder stays.  Raises ``StorageError``.
    """
    make_folder(final.parent)
    partial = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}")
    make_folder(partial)
    try:
        yield partial
        with storage_errors(final):
            try:
                partial.rename(final)
            except OSError:
                if not (final / NOTE).is_file():
                    raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
