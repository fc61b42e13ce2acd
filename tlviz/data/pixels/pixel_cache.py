"""Decoded targets on disk: one folder an entry, complete or absent, bounded in number and in bytes.

================  ==================================================================================
file              holds
================  ==================================================================================
pixels.npy        uint8 (n, S, S, 3): the pictures that could be decoded, in the target's order
digests.bin       16 bytes a picture of the target: a hash of its stamp
index.json        which pictures have a row (``kept``), which were odd (``notes``), which were unread, and
                  which ``reader`` looked at them: what an earlier one could not open is looked at again
================  ==================================================================================

An entry is never changed.  A run that uses one keeps it: where the system lets an open file be removed, its pages
stay until the last user is gone; where it does not, the entry stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlviz.data.pixels.pictures import Pixels
from tlviz.small_files import MB, DamagedFileError, read_json

KEEP = 24
KEEP_BYTES = 40 * 2**30
"""Entries kept on disk, and their size in all; the least recently used goes first, the newest stays."""
DIGEST_BYTES = 16
READER = 2
"""Rises where files can be opened that could not be before."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Index:
    """What an entry knows of its pictures by position: rows, oddities as (position, problem, action), unread ones."""

    kept: list[int]
    notes: list[tuple[int, str, str]]
    unread: list[int]
    reader: int = READER

    def to_json(self) -> str:
        """Return the index as text."""
        values = {"kept": self.kept, "notes": self.notes, "unread": self.unread, "reader": self.reader}
        return json.dumps(values)


@dataclass(frozen=True, slots=True)
class Entry:
    """One decoded target on disk."""

    folder: Path

    def index(self) -> Index:
        """Read the index.  Raises ``OSError`` or ``DamagedFileError`` where the entry is gone or damaged."""
        try:
            values: dict[str, Any] = read_json(self.folder / "index.json", 512 * MB)
            notes = [(int(at), str(problem), str(action)) for at, problem, action in values["notes"]]
            kept, unread = list(map(int, values["kept"])), list(map(int, values["unread"]))
            return Index(kept, notes, unread, int(values.get("reader", 1)))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"the index of {self.folder.name} is damaged ({error})") from error

    def is_current(self) -> bool:
        """Return whether it is there and no picture is missing that could be opened by now."""
        try:
            index = self.index()
            return index.reader >= READER or len(index.kept) == len(self.digests())
        except (OSError, DamagedFileError, ValueError):
            return False

    def pixels(self) -> Pixels:
        """Map the rows."""
        pixels: Pixels = np.load(self.folder / "pixels.npy", mmap_mode="r", allow_pickle=False)
        return pixels

    def digests(self) -> list[bytes]:
        """Return the hash of each picture's stamp, in order."""
        content = (self.folder / "digests.bin").read_bytes()
        return [content[at : at + DIGEST_BYTES] for at in range(0, len(content), DIGEST_BYTES)]


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier entry says of one picture: its row there (None: it could not be decoded) and its oddity."""

    pixels: Pixels | None
    note: tuple[str, str] | None


def digest(stamp: str) -> bytes:
    """Return the hash under which a picture is known."""
    return hashlib.blake2b(stamp.encode(errors="surrogateescape"), digest_size=DIGEST_BYTES).digest()


def find_known(parent: Path, prefix: str, digests: Sequence[bytes]) -> dict[bytes, Known]:
    """Return what the entries whose names begin with ``prefix`` say of these pictures, the last used entry first."""
    wanted = set(digests)
    known: dict[bytes, Known] = {}
    for folder in reversed(_whole(parent)):
        if not wanted:
            break
        if folder.name.startswith(prefix):
            found = _read_known(Entry(folder), wanted)
            known |= found
            wanted -= found.keys()
    return known


def _read_known(entry: Entry, wanted: set[bytes]) -> dict[bytes, Known]:
    try:
        digests = entry.digests()
        if wanted.isdisjoint(digests):
            return {}
        index, pixels = entry.index(), np.asarray(entry.pixels())
    except (OSError, ValueError, KeyError):  # another process has just removed it, or it is damaged
        return {}
    rows = {position: row for row, position in enumerate(index.kept)}
    notes = {position: (problem, action) for position, problem, action in index.notes}
    unread = set(index.unread)
    return {
        name: Known(pixels[rows[at]] if at in rows else None, notes.get(at))
        for at, name in enumerate(digests)
        if name in wanted and at not in unread and (at in rows or index.reader >= READER)
    }


def touch(folder: Path) -> None:
    """Note the use for the least-recently-used order; a read-only cache still serves."""
    try:
        os.utime(folder)
    except OSError:
        return


def forget_oldest(parent: Path) -> None:
    """Remove the least recently used entries beyond the bounds, and what a killed process left half done a day ago."""
    whole = _whole(parent)
    sizes = [_size(folder) for folder in whole]
    while len(whole) > 1 and (len(whole) > KEEP or sum(sizes) > KEEP_BYTES):
        remove(whole.pop(0))
        sizes.pop(0)
    for folder in parent.iterdir():
        if folder.name.startswith(".") and time.time() - _last_use(folder) > _DAY_S:
            shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Take an entry out of sight in one step, then delete its files; one that the system holds open stays complete."""
    hidden = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        folder.rename(hidden)
    except OSError:
        return
    shutil.rmtree(hidden, ignore_errors=True)


def _whole(parent: Path) -> list[Path]:
    """Return the entries, the least recently used first."""
    try:
        folders = [folder for folder in parent.iterdir() if not folder.name.startswith(".")]
    except OSError:
        return []
    return sorted(folders, key=_last_use)


def _size(folder: Path) -> int:
    try:
        return (folder / "pixels.npy").stat().st_size
    except OSError:
        return 0


def _last_use(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another process has just removed it
        return 0.0
