"""Whether anybody has looked inside a network at a target's pictures: an empty file a pair, nothing that counts."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tlviz.disk_cache import keep_file
from tlviz.errors import StorageError
from tlviz.explore.array_cache import keep_key
from tlviz.home import cache_folder

_KEEP = 2000


def note_look(model: str, data: str) -> None:
    """Remember that a network was looked at on a target; a disk that refuses costs a tick and nothing else."""
    if not has_looked(model, data):
        with suppress(StorageError):
            keep_file(_mark(model, data), b"", _KEEP)


def has_looked(model: str, data: str) -> bool:
    """Return whether a network was looked at on a target from this machine."""
    return _mark(model, data).is_file()


def _mark(model: str, data: str) -> Path:
    return cache_folder("looked") / f"{keep_key(model, data)}.mark"
