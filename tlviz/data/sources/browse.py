"""What lies in a folder of this machine, and whether a folder looks like a target: by listing alone, within bounds."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.folder_layout import decide, find_top, layout_words
from tlviz.data.sources.folder_tree import Folder, is_picture_name
from tlviz.data.sources.side_names import is_system_name
from tlviz.errors import BadDatasetError

MOST_ENTRIES = 20_000
"""More entries of one folder are not listed: it is one of pictures, or of something else."""
MOST_FOLDERS = 2_000
_GLANCED, _WIDE, _NARROW, _MOST_LOOKS, _DEEP = 3_000, 1_500, 6, 700, 5
"""What is looked at to say what a folder looks like: entries of a level, of one folder at most and at least, folders,
and levels."""
_LOOK_S = 0.2
_FEW = 100
"""Fewer pictures than this in a large folder are strays."""
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Look:
    """What a folder looks like, in words, and whether it can be read as a target."""

    words: str
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What a person may read in a folder: its real path, its folders, and tables and archives in it, by name.

    ``folders`` are (name, real path).  ``hidden`` counts folders that may not be read; ``is_whole`` is False where
    there is more than was looked at.
    """

    path: str
    folders: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    pictures: int
    hidden: int
    is_whole: bool


def list_folder(path: str | Path) -> Listing:
    """List a folder: no hidden folders, no system's, none that may not be read, and no link back to one it lies in.

    Raises ``BadDatasetError`` where it is gone or may not be read.
    """
    real = os.path.realpath(path)
    folders: list[tuple[str, str]] = []
    files: list[str] = []
    pictures = hidden = seen = 0
    try:
        with os.scandir(real) as entries:
            for seen, entry in enumerate(entries):
                if seen >= MOST_ENTRIES or len(folders) >= MOST_FOLDERS:
                    break
                if entry.name.startswith(".") or is_system_name(entry.name):
                    continue
                if not _is_folder(entry):
                    pictures += is_picture_name(entry.name)
                    if _is_offered(entry.name):
                        files.append(entry.name)
                    continue
                own = os.path.realpath(entry.path)
                if Path(real).is_relative_to(own):
                    continue  # a link back
                if os.access(own, os.R_OK | os.X_OK):
                    folders.append((entry.name, own))
                else:
                    hidden += 1
            is_whole = seen + 1 < MOST_ENTRIES and len(folders) < MOST_FOLDERS
    except (OSError, ValueError) as error:
        raise BadDatasetError(f"The folder {real} {_why(error)}; choose another one.") from error
    return Listing(real, tuple(sorted(folders, key=_by_name)), tuple(sorted(files)), pictures, hidden, is_whole)


def glance(path: str | Path) -> Look:
    """Say what a folder looks like without opening a file in it; a large one is looked at in part.

    The words are those of the reader, who looks at all of it: both use the same rules.
    """
    try:
        os.scandir(path).close()
    except (OSError, ValueError) as error:
        return Look(_why(error))
    sketch = _Sketch(str(path))
    root = sketch.folder()
    if not root.count:
        if sketch.files:
            return Look(f"no pictures; {sketch.files[0]}" + (" and more files" if len(sketch.files) > 1 else ""))
        return Look("no pictures" if sketch.is_whole else "no pictures in what was looked at")
    top = find_top(root)
    decision = decide(top, None, "it")
    count = f"{root.count:,} picture{'s' * (root.count != 1)}" if sketch.is_whole else f"over {root.count:,} pictures"
    if decision.chosen.is_possible and (sketch.is_whole or root.count >= _FEW):
        words = layout_words(decision.chosen, top, root)
        words = words if sketch.is_whole else words.replace(" class", " or more class", 1)
        asked = "; it can be read in several ways" if decision.questions else ""
        return Look(f"{words}; {count}{asked}", is_target=True)
    if root.folders and not sketch.is_whole and root.count >= _FEW:
        return Look(f"{count} in folders, more than are looked at here", is_target=True)
    if sketch.files:
        return Look(f"{count}, and {sketch.files[0]}, which may say their classes")
    if root.folders:
        return Look(f"{count}, in folders that are no classes to train")
    return Look(f"{count}, in no folders of classes")


class Glances:
    """What the folders of a list look like, looked at until a time is used up; the others are not looked at."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def of(self, path: str) -> Look:
        """Return what a folder looks like."""
        if time.monotonic() > self._end:
            return Look("not looked at yet; open it")
        return glance(path)


@dataclass(slots=True)
class _Seen:
    """A folder of a sketch while it is made: what lies in it, then what is below."""

    path: str
    below: str
    pictures: list[str] = field(default_factory=list)
    inner: list[_Seen] = field(default_factory=list)

    def made(self) -> Folder:
        folders = tuple(one for one in (inner.made() for inner in self.inner) if one.count)
        count = len(self.pictures) + sum(one.count for one in folders)
        name = os.path.basename(self.path)  # noqa: PTH119
        return Folder(self.path, self.below, name, self.path, tuple(sorted(self.pictures)), folders, count)


class _Sketch:
    """The folders below one as the reader would see them, level by level, as far as a number of entries goes."""

    def __init__(self, path: str) -> None:
        self.is_whole = True
        self.files: list[str] = []
        self._end = time.monotonic() + _LOOK_S
        self._root = _Seen(path, "")
        level, folders = [self._root], _MOST_LOOKS
        for _ in range(_DEEP):
            self.is_whole &= len(level) <= folders
            level = level[: max(0, folders)]
            folders -= len(level)
            most = min(_WIDE, max(_NARROW, _GLANCED // max(1, len(level))))
            for one in level:
                self._look(one, most)
            level = [inner for one in level for inner in one.inner]
        self.is_whole &= not level

    def folder(self) -> Folder:
        """Return the folders with pictures that were seen."""
        return self._root.made()

    def _look(self, seen: _Seen, most: int) -> None:
        if time.monotonic() > self._end:
            self.is_whole = False
            return
        for entry in self._entries(seen.path, most):
            if entry.name.startswith(".") or is_system_name(entry.name):
                continue
            if is_picture_name(entry.name):
                seen.pictures.append(entry.name)
            elif _is_folder(entry):
                if not entry.is_symlink():
                    below = f"{seen.below}/{entry.name}" if seen.below else entry.name
                    seen.inner.append(_Seen(entry.path, below))
            elif seen is self._root and _is_offered(entry.name):
                self.files.append(entry.name)
        seen.inner.sort(key=lambda inner: inner.path)

    def _entries(self, path: str, most: int) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                found = list(islice(entries, most + 1))
        except OSError:
            return []
        self.is_whole &= len(found) <= most
        return found[:most]


def tables_beside(folder: str | Path) -> list[str]:
    """Return the names of tables that lie in a folder, which may say the classes of its pictures."""
    try:
        files = list_folder(folder).files
    except BadDatasetError:
        return []
    return [name for name in files if name.lower().endswith(_TABLES)]


def shortened(look: Look, most: int = 160) -> Look:
    """Return a look whose words fit a line of a list."""
    return look if len(look.words) <= most else replace(look, words=f"{look.words[: most - 1]}…")


def _is_offered(name: str) -> bool:
    return name.lower().endswith(_TABLES) or is_archive(Path(name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False


def _by_name(folder: tuple[str, str]) -> tuple[str, str]:
    return folder[0].casefold(), folder[0]


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there any more"
    if isinstance(error, PermissionError):
        return "may not be read by you"
    return "is a file, not a folder" if isinstance(error, NotADirectoryError) else f"cannot be read: {error}"
