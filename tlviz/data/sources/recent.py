"""The targets that were used on this machine, by the app or the command line: names, sizes, when, and where they lie.

One small file under the home folder that several processes write.  It holds no pictures; forgetting an entry removes
nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from tlviz.data.sources.notes import move_notes
from tlviz.data.sources.store import datasets_folder
from tlviz.errors import BadDatasetError, BadSettingError, StorageError, quoted
from tlviz.home import home, make_folder, storage_errors, write_atomic
from tlviz.medium import Medium
from tlviz.small_files import DamagedFileError, check_types, read_object

MOST = 40
"""Older entries are dropped."""
LONGEST_NAME = 60
_LOOKED_AT = 5_000
"""Entries of folders that are looked at for one that was moved."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A target that was used: its real path, the name a person gave it, its size, when, and what marks its folder.

    ``used`` is a time in UTC as ISO text.  ``mark`` stays with a folder that is moved on its disk.  ``is_hidden`` is a
    stored target that the person does not want in the list.
    """

    path: str
    name: str = ""
    classes: int = 0
    images: int = 0
    used: str = ""
    mark: str = ""
    is_hidden: bool = False
    medium: str = Medium.PICTURES.value

    @property
    def title(self) -> str:
        """What a person reads: the given name, else the folder's or file's."""
        return self.name or Path(self.path).name or self.path

    @property
    def is_stored(self) -> bool:
        """Whether it lies in the program's own store."""
        return Path(self.path).parent == datasets_folder().resolve()

    def is_here(self) -> bool:
        """Return whether it is still where it was; a folder that may not be entered now is."""
        try:
            return os.path.lexists(self.path)
        except ValueError:
            return False

    def days_ago(self, now: datetime | None = None) -> int | None:
        """Return how many days ago it was used, by the calendar here; None where that is not known."""
        try:
            then = datetime.fromisoformat(self.used).astimezone().date()
        except ValueError:
            return None
        return ((now or datetime.now(UTC)).astimezone().date() - then).days


def list_recent() -> list[Recent]:
    """Return the targets that were used, the newest first; none where the file is missing or damaged."""
    return list(_known())


def find_recent(path: str) -> Recent | None:
    """Return what is known of a target by its real path."""
    return next((one for one in _known() if one.path == path), None)


def own_name(path: str) -> str:
    """Return the name that a person gave a target, '' for none."""
    found = find_recent(path)
    return found.name if found else ""


def note_recent(path: str, classes: int, images: int, medium: Medium = Medium.PICTURES) -> None:
    """Put a target at the head of the list; a disk that cannot be written keeps nobody from using the target.

    ``path`` is its identity; a catalogue's name is in the list anyway.
    """
    if not os.path.isabs(path):  # noqa: PTH117
        return
    known = find_recent(path) or Recent(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    fresh = replace(
        known, classes=classes, images=images, used=now, mark=_mark(path), is_hidden=False, medium=medium.value
    )
    is_first = next(iter(_known()), None) == replace(fresh, used=known.used)
    if is_first and known.used[:16] == now[:16]:
        return  # noted a moment ago
    with suppress(StorageError):
        _change(lambda entries: [fresh, *(one for one in entries if one.path != path)])


def rename_recent(path: str, name: str) -> None:
    """Call a target otherwise from now on; '' gives it its folder's name back.

    Raises ``BadSettingError`` for a name that no list can show, and ``StorageError``.
    """
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or not all(letter.isprintable() for letter in name):
        raise BadSettingError(f"{quoted(name)} is no name for a target; write up to {LONGEST_NAME} printable signs.")
    _change(lambda entries: [replace(one, name=name) if one.path == path else one for one in entries])


def forget_recent(path: str) -> None:
    """Take a target out of the list; its pictures, notes and runs stay.  Raises ``StorageError``."""

    def change(entries: list[Recent]) -> list[Recent]:
        known = next((one for one in entries if one.path == path), Recent(path))
        rest = [one for one in entries if one.path != path]
        return [*rest, replace(known, is_hidden=True)] if known.is_stored else rest

    _change(change)


def move_recent(path: str, new: str) -> str:
    """Say where a target lies now, take what was decided about it along, and return its new real path.

    Raises ``BadDatasetError`` where nothing is there, and ``StorageError``.
    """
    place = Path(new.strip()).expanduser()
    if not new.strip() or not place.exists():
        raise BadDatasetError(f"There is nothing at {quoted(new)}; give the path at which it lies now.")
    if (place / Path(path).name).is_file():  # the folder of a table
        place /= Path(path).name
    real = str(place.resolve())
    move_notes(path, real)

    def change(entries: list[Recent]) -> list[Recent]:
        known = next((one for one in entries if one.path == path), Recent(path))
        rest = [one for one in entries if one.path not in {path, real}]
        return [replace(known, path=real, mark=_mark(real)), *rest]

    _change(change)
    return real


def found_again(recent: Recent) -> str | None:
    """Return where a folder that was moved or renamed seems to be now: near where it was, by its mark on the disk."""
    if not recent.mark:
        return None
    above = next((up for up in Path(recent.path).parents if up.is_dir()), None)
    looked: set[str] = set()
    for start in filter(None, (above, Path.home())):
        for entry in _near(start, looked):
            if _mark(entry) == recent.mark:
                return os.path.realpath(entry)
    return None


def _near(start: Path, looked: set[str]) -> Iterator[str]:
    """Give what lies in a folder, and in its folders, up to a number of entries."""
    level, left = [str(start)], _LOOKED_AT
    for _ in range(2):
        below: list[str] = []
        for folder in level:
            if folder in looked:
                continue
            looked.add(folder)
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    yield entry.path
                    if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
        level = below


def _mark(path: str) -> str:
    try:
        state = os.stat(path)  # noqa: PTH116 (thousands of times)
    except (OSError, ValueError):
        return ""
    return f"{state.st_dev}:{state.st_ino}" if state.st_ino else ""


def _file() -> Path:
    return home() / "targets.json"


def _known() -> tuple[Recent, ...]:
    file = _file()
    try:
        state = file.stat()
    except OSError:
        return ()
    return _read(str(file), state.st_mtime_ns, state.st_ino, state.st_size)


@lru_cache(maxsize=4)
def _read(file: str, changed: int, inode: int, size: int) -> tuple[Recent, ...]:  # noqa: ARG001 (keys of the cache)
    """Return what the file says; titles are asked for hundreds of times a page."""
    said = (read_object(Path(file)) or {}).get("targets")
    found = []
    for row in said if isinstance(said, list) else ():
        with suppress(DamagedFileError, TypeError, ValueError, AttributeError):
            one = Recent(**row | {"medium": Medium(row.get("medium", Medium.PICTURES))})
            check_types(one)
            if os.path.isabs(one.path) and "\0" not in one.path:  # noqa: PTH117
                found.append(one)
    return tuple(found)


def browsed() -> Path:
    """Return the folder in which somebody looked for pictures last, where it is still there; else the home folder."""
    said = (read_object(_file()) or {}).get("browsed")
    place = Path(said) if isinstance(said, str) and said and "\0" not in said else Path.home()
    return place if place.is_dir() and os.access(place, os.R_OK | os.X_OK) else Path.home()


def note_browsed(path: str) -> None:
    """Remember in which folder somebody looks for pictures; where that cannot be written, it is not remembered."""
    with suppress(StorageError):
        _change(lambda entries: entries, path)


def _change(change: Callable[[list[Recent]], list[Recent]], place: str | None = None) -> None:
    file = _file()
    make_folder(file.parent)
    with storage_errors(file), FileLock(file.with_suffix(".lock")):  # the app and a command may end at the same time
        said = read_object(file) or {}
        kept = {"browsed": said.get("browsed") if place is None else place}
        entries = change(list(_known()))[:MOST]
        write_atomic(file, json.dumps(kept | {"targets": [asdict(one) for one in entries]}, indent=1).encode())
