"""Pictures that a person has taken out of a target: remembered with it, never written into their folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from filelock import FileLock

from tlviz.data.sources.catalogue import DATASETS
from tlviz.data.sources.public import PUBLIC
from tlviz.errors import StorageError
from tlviz.home import home, make_folder, write_atomic


def excluded_names(data: str) -> dict[str, str]:
    """Return {name of an excluded picture: reason} of a target by name or folder.

    Raises ``StorageError`` where the list is damaged, because continuing without it would change every result.
    """
    path = notes_path(data)
    try:
        excluded = json.loads(path.read_bytes())["excluded"]
        return {str(name): str(reason) for name, reason in excluded.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"The list of pictures excluded from {data} cannot be read at {path} ({error}); repair or delete the file."
        ) from error


def exclude(data: str, names: Mapping[str, str]) -> None:
    """Leave pictures out of a target from now on: {name: reason}.  Raises ``StorageError``."""
    _change(data, lambda excluded: excluded | dict(names))


def include(data: str, names: Collection[str]) -> None:
    """Take pictures into a target again.  Raises ``StorageError``."""
    _change(data, lambda excluded: {name: reason for name, reason in excluded.items() if name not in names})


def notes_path(data: str) -> Path:
    """Return the file that remembers what a person decided about a target: one for each name or real folder."""
    root = _root(data)
    readable = "".join(c if c.isascii() and c.isalnum() else "_" for c in Path(root).name)[:40]
    key = hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:16]
    return home() / "datasets-notes" / f"{readable}-{key}.json"


def _root(data: str) -> str:
    return data if data in DATASETS or data in PUBLIC else str(Path(data).expanduser().resolve())


def _change(data: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    path = notes_path(data)
    make_folder(path.parent)
    with FileLock(path.with_suffix(".lock")):  # two tabs may tick at the same time
        content = {"root": _root(data), "excluded": change(excluded_names(data))}
        write_atomic(path, json.dumps(content, indent=1).encode())
