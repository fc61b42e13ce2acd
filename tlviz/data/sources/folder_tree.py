"""The folders of a target as they lie on the disk, read once, with what in them can be no picture of a class."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.signatures import SUFFIXES, is_picture, name_foreign, read_head
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.side_names import is_system_name
from tlviz.data.sources.store import NOTE
from tlviz.errors import BadDatasetError

DEEPEST = 60
"""Levels of folders that are looked into."""
VISITS = 32
"""Times that one real folder may be met by different ways: links can make a few folders look like millions."""

HIDDEN = "hidden"
SYSTEM = "a folder of the system, not of pictures"
SYSTEM_FILE = "a file of the system"
NO_PICTURE = "not a picture file"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: the names of the picture files in it, and its folders that hold pictures, each sorted.

    ``count`` is how many pictures there are in it and below.  ``below`` is its path from the target's folder on, with
    slashes.  ``others`` is how many files beside them are no pictures.
    """

    path: str
    below: str
    name: str
    real: str
    pictures: tuple[str, ...]
    folders: tuple[Folder, ...]
    count: int
    others: int = 0

    def within(self) -> Iterator[Folder]:
        """Give the folder and all below it, an upper one before those in it."""
        yield self
        for folder in self.folders:
            yield from folder.within()

    def without(self, skipped: frozenset[str]) -> Folder:
        """Return the folder without those whose paths are skipped."""
        kept = [folder.without(skipped) for folder in self.folders if folder.path not in skipped]
        folders = tuple(folder for folder in kept if folder.count)
        return replace(self, folders=folders, count=len(self.pictures) + sum(folder.count for folder in folders))


@dataclass(slots=True)
class Tree:
    """What was read: the folder, every folder without pictures, what is left out, and what was odd."""

    root: Folder
    empty: list[Folder] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_tree(root: Path) -> Tree:
    """Read a folder with all below it; links are followed, hidden entries and those of a system are not.

    Raises ``BadDatasetError`` where the folder itself cannot be read.
    """
    return _Reader(root).read()


def is_picture_name(name: str) -> bool:
    """Return whether a file is taken for a picture, by its name's ending."""
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 (ten thousand times)


def no_picture(start: bytes) -> str:
    """Say why a file that begins so is no picture."""
    kind = name_foreign(start)
    return f"{NO_PICTURE}, but {kind}" if kind and kind != "a text file" else NO_PICTURE


def is_no_picture(reason: str) -> bool:
    """Return whether a file is left out because it is no picture."""
    return reason.startswith(NO_PICTURE)


class _Reader:
    """One pass over a folder and what is below it."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._visits: Counter[str] = Counter()
        self._tree = Tree(Folder(self._root, "", root.name, "", (), (), 0))

    def read(self) -> Tree:
        try:
            os.scandir(self._root).close()
        except OSError as error:
            reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
            raise BadDatasetError(
                f"The folder {self._root} {reason}; give a folder that holds one sub-folder of pictures a class."
            ) from error
        self._tree.root = self._folder(self._root, "", (os.path.realpath(self._root),))
        return self._tree

    def _folder(self, path: str, below: str, way: tuple[str, ...]) -> Folder:
        """Read a folder; ``way`` are the real folders from the target's own down to it."""
        pictures: list[str] = []
        inner: list[tuple[str, str]] = []
        others = 0
        for entry in self._entries(path):
            named = f"{below}/{entry.name}" if below else entry.name
            if _is_folder(entry):
                real = os.path.realpath(entry.path) if entry.is_symlink() else f"{way[-1]}{os.sep}{entry.name}"
                if self._is_entered(entry.name, named, real, way):
                    inner.append((entry.name, real))
            elif (reason := _why_no_picture(entry)) is None:
                pictures.append(entry.name)
            elif entry.name != NOTE:
                others += is_no_picture(reason)
                self._leave(named, reason)
        folders = [
            self._folder(f"{path}{os.sep}{name}", f"{below}/{name}" if below else name, (*way, real))
            for name, real in inner
        ]
        kept = tuple(folder for folder in folders if folder.count)
        self._tree.empty.extend(folder for folder in folders if not folder.count)
        count = len(pictures) + sum(folder.count for folder in kept)
        own_name = os.path.basename(path)  # noqa: PTH119
        return Folder(path, below, own_name, way[-1], tuple(pictures), kept, count, others)

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problem = f"the folder cannot be read: {error.strerror}"
            self._tree.problems.append(Problem(path, problem, "left out"))
            self._leave(os.path.relpath(path, self._root).replace(os.sep, "/"), problem)
            return []

    def _is_entered(self, name: str, named: str, real: str, way: tuple[str, ...]) -> bool:
        """Return whether a folder is looked into; say why where it is not."""
        self._visits[real] += 1
        if name.startswith("."):
            self._leave(named, SYSTEM if is_system_name(name[1:]) else HIDDEN)
        elif is_system_name(name):
            self._leave(named, SYSTEM)
        elif len(way) > DEEPEST:
            self._leave(named, f"more than {DEEPEST} folders deep")
        elif real in way:
            self._leave(named, "a link back to a folder that it lies in")
        elif self._visits[real] > VISITS:
            self._leave(named, f"a folder that over {VISITS} links lead to")
        else:
            return True
        return False

    def _leave(self, named: str, reason: str) -> None:
        self._tree.left_out.append(LeftOut(named, reason))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False


def _why_no_picture(entry: os.DirEntry[str]) -> str | None:
    """Return why a file is no picture of a class, None where it may be one; a dead link is told when it is opened."""
    if entry.name.startswith("."):
        return SYSTEM_FILE if entry.name == ".DS_Store" else HIDDEN
    try:
        is_plain = entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110
    except OSError:
        return "a link that leads to itself"
    if not is_plain:
        return "a pipe or a device, not a file"
    if is_picture(entry.path):
        return None
    return SYSTEM_FILE if is_system_name(entry.name) else no_picture(read_head(entry.path))
