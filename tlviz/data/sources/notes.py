"""What a person decided about a target, pictures taken out and how it is read: never written into their folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.public import PUBLIC
from tlviz.data.sources.reading import ReadAs
from tlviz.errors import StorageError
from tlviz.home import home, make_folder, write_atomic
from tlviz.small_files import read_json


def excluded_names(data: str) -> dict[str, str]:
    """Return {name of an excluded picture: reason} of a target by name or folder.

    Raises ``StorageError`` where the list is damaged, because continuing without it would change every result.
    """
    return {str(name): str(reason) for name, reason in _notes(data).get("excluded", {}).items()}


def exclude(data: str, names: Mapping[str, str]) -> None:
    """Leave pictures out of a target from now on: {name: reason}.  Raises ``StorageError``."""
    _change(data, lambda notes: notes | {"excluded": notes.get("excluded", {}) | dict(names)})


def include(data: str, names: Collection[str]) -> None:
    """Take pictures into a target again.  Raises ``StorageError``."""

    def change(notes: dict[str, Any]) -> dict[str, Any]:
        return notes | {"excluded": {n: why for n, why in notes.get("excluded", {}).items() if n not in names}}

    _change(data, change)


def remembered_reading(data: str) -> ReadAs:
    """Return how a person decided that a target is read.  Raises ``StorageError`` where the notes are damaged."""
    return ReadAs.from_json(_notes(data).get("read_as", {}))


def remember_reading(data: str, read_as: ReadAs) -> None:
    """Read a target so from now on, unless a run says otherwise.  Raises ``StorageError``."""
    _change(data, lambda notes: notes | {"read_as": read_as.to_json()})


def move_notes(data: str, new: str) -> None:
    """Take what was decided about a target along to where it lies now, unless something was decided about it there.

    Raises ``StorageError``.
    """
    notes = _notes(data)
    if notes and not _notes(new):
        _change(new, lambda there: notes | there)


def notes_path(data: str) -> Path:
    """Return the file that remembers what a person decided about a target: one for each name or real folder."""
    root = _root(data)
    readable = "".join(c if c.isascii() and c.isalnum() else "_" for c in Path(root).name)[:40]
    key = hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:16]
    return home() / "datasets-notes" / f"{readable}-{key}.json"


def _root(data: str) -> str:
    return data if data in SHIPPED or data in PUBLIC else str(Path(data).expanduser().resolve())


def _notes(data: str) -> dict[str, Any]:
    """Return the notes on a target, none where there are none.  Raises ``StorageError`` where they are damaged."""
    path = notes_path(data)
    try:
        notes = read_json(path)
        if not all(isinstance(notes.get(name, {}), dict) for name in ("excluded", "read_as")):
            raise TypeError("it holds something else than notes")
        return dict(notes)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            f"The notes on {data}, with the pictures excluded from it, cannot be read at {path} ({error}); repair or "
            "delete the file."
        ) from error


def _change(data: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = notes_path(data)
    make_folder(path.parent)
    with FileLock(path.with_suffix(".lock")):  # two tabs may tick at the same time
        write_atomic(path, json.dumps(change(_notes(data)) | {"root": _root(data)}, indent=1).encode())
