"""Files that a browser sent, as a target: copied into the store under clean names, all of them or none."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Protocol

from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.signatures import picture_format, read_head
from tlviz.data.sources.archive import aside, cut, look_through, unstorable
from tlviz.data.sources.archive_members import safe_path
from tlviz.data.sources.folder_tree import is_picture_name, no_picture
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.store import NOTE, datasets_folder, made_whole, stored, write_note
from tlviz.errors import BadDatasetError
from tlviz.home import is_portable_name, storage_errors

MOST_BYTES = 4 * 10**9
MOST_FILES = 50_000
_TABLES = (".csv", ".tsv")
_MOST_NAMED = 2_000

Progress = Callable[[int, int], None]


class Dropped(Protocol):
    """A file that a browser sent: its path within what was dropped, where it lies, its size in bytes, its hash."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def place(self) -> Path: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102


def check_drop(files: Sequence[Dropped]) -> None:
    """Raise ``BadDatasetError`` for more than can be taken, or nothing that is a picture."""
    total = sum(file.size for file in files)
    if total > MOST_BYTES or len(files) > MOST_FILES:
        raise BadDatasetError(
            f"{len(files):,} files with {_mb(total)} are more than can be dropped ({MOST_FILES:,} files, "
            f"{_mb(MOST_BYTES)}); find their folder on this machine instead, which copies nothing."
        )
    if not any(_is_picture(file) for file in files):
        raise BadDatasetError("None of what was dropped is a picture; drop a folder with one sub-folder a class.")


def store_drop(files: Sequence[Dropped], progress: Progress | None = None) -> Path:
    """Move the pictures and tables among some files into the store and return their folder; the same drop is kept once.

    ``progress`` is called with the files done and in all; what it raises leaves nothing in the store.  No file lands
    outside of the folder, whatever it is called, and none over another.
    Raises ``BadDatasetError`` for a drop beyond the limits and ``StorageError`` where it cannot be written.
    """
    check_drop(files)
    called = _called(files)
    stem = re.sub(r"[^\w.-]", "_", called).lstrip(".")[:40] or "dropped"
    final = datasets_folder() / f"{stem}-{_key(files)}"
    if stored(final.name) is None:
        with made_whole(final) as folder:
            moving = _Moving(folder, len(files), progress)
            for file in files:
                moving.take(file)
            root = look_through(folder)
            write_note(folder, moving.note() | {"archive": called, "root": str(root.relative_to(folder))})
    return final


def forget_drop(folder: Path) -> None:
    """Remove a stored copy of what was dropped or unpacked; nothing else is ever removed.  Raises ``StorageError``."""
    if folder.parent.resolve() == datasets_folder().resolve() and (folder / NOTE).is_file():
        hidden = folder.with_name(f".{folder.name}.gone")
        with storage_errors(folder):
            folder.rename(hidden)  # in one step it is no target any more
        shutil.rmtree(hidden, ignore_errors=True)


class _Moving:
    """One pass over what was dropped: takes pictures and tables, notes what is not used and why."""

    def __init__(self, folder: Path, total: int, progress: Progress | None) -> None:
        self._folder, self._total, self._progress = folder, max(1, total), progress
        self._done = 0
        self._problems: list[Problem] = []
        self._left_out: dict[str, str] = {}
        self._written: Counter[str] = Counter()

    def take(self, file: Dropped) -> None:
        """Take one file, or note why it is not."""
        path = safe_path(file.name)
        if path is None or not all(map(_is_sound, path.parts)):
            self._problem(file.name, "its name leads out of its folder, or no disk takes it")
        elif (beside := aside(path)) is not None:
            self._left_out.setdefault(*beside)
        elif wrong := unstorable(path):
            self._problem(file.name, wrong)
        elif _is_picture(file) or path.suffix.lower() in _TABLES:
            self._write(file, path)
        else:
            self._left_out.setdefault(str(path), no_picture(read_head(file.place)))
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)

    def note(self) -> dict[str, object]:
        """Return what the store remembers of the drop."""
        left_out = [LeftOut(path, why) for path, why in list(self._left_out.items())[:_MOST_NAMED]]
        return {
            "images": self._written["pictures"],
            "problems": [asdict(one) for one in self._problems[:_MOST_NAMED]],
            "left_out": [asdict(one) for one in left_out],
        }

    def _write(self, file: Dropped, path: PurePosixPath) -> None:
        place = self._folder.joinpath(*path.parts)
        with storage_errors(place):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                is_taken = place.exists()
            except (FileExistsError, NotADirectoryError):  # a file and a folder at once
                is_taken = True
            if is_taken:
                self._problem(file.name, "a second file of this name")
                return
            shutil.move(file.place, place)
        self._written["tables" if path.suffix.lower() in _TABLES else "pictures"] += 1

    def _problem(self, name: str, why: str) -> None:
        self._problems.append(Problem(f"dropped: {cut(name)}", why, "left out"))


def _is_picture(file: Dropped) -> bool:
    return is_picture_name(file.name) or picture_format(read_head(file.place)) is not None


def _is_sound(name: str) -> bool:
    """Return whether every system can hold a name; a copy may be carried to another one."""
    return is_portable_name(name) and name != NOTE


def _called(files: Sequence[Dropped]) -> str:
    """Return what the drop is called: the one folder that all of it lies in, if any."""
    paths = [path for file in files if (path := safe_path(file.name)) is not None]
    tops = {path.parts[0] for path in paths if len(path.parts) > 1}
    alone = any(len(path.parts) == 1 for path in paths)
    return next(iter(tops)) if len(tops) == 1 and not alone else "dropped pictures"


def _key(files: Sequence[Dropped]) -> str:
    """Return a short hash of names and contents, whatever their order."""
    lines = sorted(f"{file.name}\0{file.digest}" for file in files)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
