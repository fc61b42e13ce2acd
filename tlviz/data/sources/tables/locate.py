"""Finding the picture that a cell of a table means: as written, below another folder, without its ending."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path

from tlviz.data.sources.folder import is_picture_name
from tlviz.data.sources.tables.part_words import part_of
from tlviz.data.sources.tables.words import MASKS, PATHS, words_of

MAX_ENTRIES = 1_000_000
"""Files looked through at most where paths do not lead to their pictures as they are written."""
_BESIDE = frozenset(
    ("annotation", "annotations", "labels", "label", "meta", "metadata", "csv", "csvs", "lists", "splits", "tables",
     "imagesets", "info", "docs")
)  # fmt: skip
_SCANS = frozenset({".dcm", ".nii", ".npy", ".raw", ".dng", ".heic"})
_NOTHING: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
_UNPLAIN = re.compile(r"[\\:]|//|(^|/)\.{1,2}(/|$)")
_DEEPEST = 50
_CASELESS = sys.platform in {"win32", "darwin"}
_DATA = frozenset({"data", "raw", "train", "training", "val", "valid", "validation", "test", "testing", "jpegimages"})


@dataclass(slots=True)
class Found:
    """Where a cell leads: a file, or why there is none; ``way`` says how it was found where not as written.

    ``is_one_of_several`` says that files of several folders bear the name, so that the rest of the row may decide.
    """

    file: Path | None
    why: str = ""
    is_ambiguous: bool = False
    way: str = ""
    is_one_of_several: bool = False


NOWHERE = Found(None, "does not exist")
"""What does not exist."""
_MANY = 2000
"""Files that are looked for one by one; for more of them their folders are listed."""


@dataclass
class Index:
    """The pictures below a folder, listed when they are first needed."""

    folder: Path

    @cached_property
    def names(self) -> dict[str, list[Path]]:
        """Return them by name, in lower case."""
        return _by(self._files, lambda file: file.name)

    @cached_property
    def stems(self) -> dict[str, list[Path]]:
        """Return them by name without ending, in lower case."""
        return _by(self._files, lambda file: file.stem)

    @cached_property
    def numbers(self) -> dict[str, list[Path]]:
        """Return those named by a number, by that number without zeros in front."""
        return _by([file for file in self._files if file.stem.isdecimal()], lambda file: number_of(file.stem) or "")

    def may_have(self, written: str) -> bool:
        """Return whether there may be such a picture, by the last name of a path: the quick answer for most of them."""
        name = written.replace("\\", "/").rpartition("/")[2].casefold()
        stem = name.rpartition(".")[0] or name
        if name in self.names or name in self.stems or stem in self.stems:
            return True
        return stem.isdecimal() and (stem.lstrip("0") or "0") in self.numbers

    @cached_property
    def _files(self) -> list[Path]:
        """List the pictures below the folder, or beside it where it holds tables only."""
        own = _pictures(self.folder)
        if own or not any(word in _BESIDE for word in words_of(self.folder.name)):
            return own
        try:
            with os.scandir(self.folder.parent) as entries:
                folders = sorted(entry.path for entry in entries if entry.is_dir())
        except OSError:
            return []
        beside = [Path(folder) for folder in folders if any(w in PATHS | _DATA for w in words_of(Path(folder).name))]
        return [file for folder in beside for file in _pictures(folder)]


@dataclass
class Locator:
    """Finds the pictures of a table that lies in ``folder``; ``stem`` is the table's own name.

    ``ways`` counts how files were found where it was not as written, in words, for a person.
    """

    folder: Path
    stem: str
    index: Index
    ways: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    _asked: int = 0
    _chosen: dict[tuple[str, ...], list[Path]] = field(default_factory=dict)

    @cached_property
    def _base(self) -> str:
        return str(self.folder)

    @cached_property
    def _listings(self) -> Listings:
        return Listings(self._base)

    @cached_property
    def _folder_names(self) -> frozenset[str]:
        """Return the names of all folders that pictures are in, without case."""
        folders = {file.parent for files in self.index.names.values() for file in files}
        return frozenset(part.casefold() for folder in folders for part in folder.parts[len(self.folder.parts) :])

    def is_there(self, written: str) -> bool:
        """Return whether a cell leads to a picture."""
        return self._direct(written) is not None or bool(self._candidates(written, tuple))

    def locate(self, written: str, row: Callable[[], Collection[str]] = tuple) -> Found:
        """Return the file that a cell means; ``row`` gives the row's cells, which may name one folder of several."""
        direct = self._direct(written)
        if direct is not None:
            return Found(direct)
        if not self.index.may_have(written):
            return NOWHERE
        parts = _parts(written)[self.dropped :]
        matching = self._matching(parts)
        candidates = self._best(matching, parts, row)
        is_one = len(matching) > 1
        if len(candidates) > 1:
            some = " and ".join(self._shown(file) for file in candidates[:2])
            return Found(None, f"it may be {some}", is_ambiguous=True, is_one_of_several=is_one)
        if not candidates:
            return NOWHERE
        file = candidates[0]
        folder = self._shown(file.parent)
        number = number_of(Path(written).stem) or number_of(Path(written).name)
        has_lost = number is not None and file.stem not in {Path(written).name, Path(written).stem}
        zeros = " with the zeros that their numbers have lost" if has_lost else ""
        ending = "" if is_picture_name(written) and file.suffix == Path(written).suffix else f" as {file.suffix}"
        return Found(file, way=f"in {folder}{ending}{zeros}", is_one_of_several=is_one)

    def learn(self, written: Sequence[str]) -> None:
        """Look which folders at the beginning of all paths have another name here, such as /kaggle/input/birds."""
        split = [_parts(cell) for cell in written if cell]
        if not split or all(self._direct(cell) is not None for cell in written if cell):
            return
        alike = takewhile(lambda names: len(set(names)) == 1, zip(*(parts[:-1] for parts in split), strict=False))
        common = list(takewhile(lambda name: part_of(name) is None, (names[0] for names in alike)))
        hits = {0: self._hits(split)}
        for drop in range(1, len(common) + 1):
            hits[drop] = self._hits([parts[drop:] for parts in split])
        self.dropped = max(hits, key=lambda drop: (hits[drop], -drop))

    def _hits(self, split: Iterable[Sequence[str]]) -> int:
        return sum(bool(self._matching(parts)) for parts in split)

    def _direct(self, written: str) -> Path | None:
        """Return the file of a path as written on this or another system, or None."""
        self._asked += 1
        if self._asked > _MANY and (listed := self._listings.has_file(written)) is not None:
            return Path(os.path.join(self._base, written)) if listed else None  # noqa: PTH118 (a million times)
        for text in (written, written.replace("\\", "/")) if "\\" in written else (written,):
            try:
                file = os.path.join(self._base, text)  # noqa: PTH118 (a million times)
                if text and stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116
                    return Path(os.path.normpath(file))
            except (OSError, ValueError):
                continue
        return None

    def _candidates(self, written: str, row: Callable[[], Collection[str]]) -> list[Path]:
        parts = _parts(written)[self.dropped :]
        return self._best(self._matching(parts), parts, row) if parts else []

    def _matching(self, parts: Sequence[str]) -> list[Path]:
        """Return the files whose path ends as written, in the same case if there is one; else without the ending."""
        if not parts or not self.index.names:
            return []
        *folders, name = parts
        files = self.index.names.get(name.casefold(), [])
        alike = [file for file in files if _ends(file, folders, name)]
        if not alike and (stem := _stem(name)):
            files = self.index.stems.get(stem.casefold(), [])
            other = name != stem  # the ending is another one here; a mask may bear the name of its picture
            alike = [file for file in files if _ends(file, folders, stem) and not (other and self._is_mask(file))]
        if not alike and (number := number_of(_stem(name)) or number_of(name)) is not None:
            files = [file for file in self.index.numbers.get(number, []) if not self._is_mask(file)]
            return [file for file in files if _ends(file, folders, file.stem)]
        exact = [file for file in alike if list(file.parts[len(file.parts) - len(parts) : -1]) == folders]
        same = [file for file in exact if file.name == name or file.stem == name]
        return same or exact or alike

    def _best(self, files: list[Path], parts: Sequence[str], row: Callable[[], Collection[str]]) -> list[Path]:
        """Prefer, of several files, no masks, the folder that the row names, the one named like the table."""
        if len(files) < 2:
            return files
        names = self._folder_names & {cell.casefold() for cell in row() if cell}
        key = (*parts, "", *sorted(names))
        if key not in self._chosen:
            self._chosen[key] = self._preferred(files, names)
        return self._chosen[key]

    def _preferred(self, files: list[Path], names: Collection[str]) -> list[Path]:
        rules: tuple[Callable[[Path], bool], ...] = (
            lambda file: not self._is_mask(file),
            lambda file: any(part.casefold() in names for part in self._below(file)),
            lambda file: any(part.casefold() == self.stem.casefold() for part in self._below(file)),
        )
        for wanted in rules:
            if len(files) > 1:
                files = [file for file in files if wanted(file)] or files
        return files

    def _below(self, file: Path) -> tuple[str, ...]:
        """Return the folders between the table's and a file."""
        return file.parent.parts[len(self.folder.parts) :]

    def _is_mask(self, file: Path) -> bool:
        return any(word in MASKS for part in self._below(file) for word in words_of(part))

    def _shown(self, path: Path) -> str:
        text = os.path.relpath(path, self.folder)
        return "its own folder" if text == "." else text


class Listings:
    """Which files are there, by the listings of their folders: quicker for a million paths than asking for each."""

    def __init__(self, base: str) -> None:
        """Begin with no folder listed; paths that are not absolute start at ``base``."""
        self._base = base
        self._known: dict[str, tuple[frozenset[str], frozenset[str]] | None] = {}

    def has_file(self, written: str) -> bool | None:
        """Return whether a path leads to a regular file; None where a listing cannot say."""
        if _CASELESS or not written or _UNPLAIN.search(written) or written.count("/") > _DEEPEST:
            return None
        folder, slash, name = written.rpartition("/")
        inside = self._inside(folder or slash)
        return None if inside is None else name in inside[0]

    def _inside(self, folder: str) -> tuple[frozenset[str], frozenset[str]] | None:
        """Return the files and folders in a folder, None where it cannot be listed."""
        if folder not in self._known:
            self._known[folder] = self._list(folder) if self._may_be(folder) else _NOTHING
        return self._known[folder]

    def _may_be(self, folder: str) -> bool:
        """Return whether there may be such a folder, by the listing of the one above: a table can name a million."""
        above, slash, name = folder.rpartition("/")
        inside = self._inside(above or slash) if name else None
        return inside is None or name in inside[1]

    def _list(self, folder: str) -> tuple[frozenset[str], frozenset[str]] | None:
        try:
            with os.scandir(os.path.join(self._base, folder)) as entries:  # noqa: PTH118
                found = [(entry.name, entry.is_dir(), entry.is_file()) for entry in islice(entries, MAX_ENTRIES + 1)]
        except (FileNotFoundError, NotADirectoryError):
            return _NOTHING
        except (OSError, ValueError):  # it may still let files be opened
            return None
        if len(found) > MAX_ENTRIES:
            return None
        files = frozenset(name for name, _, is_file in found if is_file)
        return files, frozenset(name for name, is_folder, _ in found if is_folder)


def number_of(name: str) -> str | None:
    """Return a number without zeros in front, as spreadsheets write 007 as 7 and pandas as 7.0; else None."""
    whole, point, rest = name.partition(".")
    if not whole.isdecimal() or not whole.isascii() or (point and rest.strip("0")):
        return None
    return whole.lstrip("0") or "0"


def _by(files: Sequence[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        found[key(file).casefold()].append(file)
    return found


def _pictures(folder: Path) -> list[Path]:
    """List the pictures below a folder, each real folder once, hidden ones not; a million entries at most."""
    found: list[Path] = []
    seen: set[str] = set()
    entries = 0
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen or entries > MAX_ENTRIES:
            folders.clear()
            continue
        seen.add(real)
        entries += len(folders) + len(names)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "@", "$")))
        found.extend(Path(parent, name) for name in sorted(names) if name[0] != "." and is_picture_name(name))
    return found


def _parts(written: str) -> list[str]:
    """Return the folders and the name of a path of any system, without a drive, and without what changes nothing."""
    return [part for part in re.split(r"[/\\]+", re.sub(r"^[A-Za-z]:", "", written)) if part not in {"", "."}]


def _ends(file: Path, folders: Sequence[str], name: str) -> bool:
    """Return whether a file's path ends with these folders, but for case."""
    own = file.parts[max(0, len(file.parts) - 1 - len(folders)) : -1]
    is_named = name.casefold() in {file.name.casefold(), file.stem.casefold()}
    return is_named and [part.casefold() for part in own] == [folder.casefold() for folder in folders]


def _stem(name: str) -> str:
    """Return a name without an ending that means a picture or a scan; a dot may belong to the name."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 (a million times)
    return stem if is_picture_name(name) or ending.lower() in _SCANS else name
