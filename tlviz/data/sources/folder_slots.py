"""The ways in which folders can be read: which part and class the pictures of each folder belong to."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tlviz.data.sources.file_names import classes_by_pattern, classes_in_names, known_class, parts_in_names
from tlviz.data.sources.folder_tree import Folder
from tlviz.data.sources.part_names import PARTS, TEST, TRAIN, VAL, PartName, part_name, words_of
from tlviz.data.sources.reading import Layout
from tlviz.data.sources.side_names import says_no_class

WRAPPERS = 20
"""Folders around a part's classes that are looked through."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The pictures of a folder, those below it too where it is ``whole``, as one class in one part ('' for none).

    ``only`` are those of its pictures that are meant, None for all.
    """

    part: str
    name: str
    folder: Folder
    whole: bool = True
    only: tuple[str, ...] | None = None


@dataclass(slots=True)
class Arrangement:
    """One way to read folders: ``parts`` names the folders of each part, ``why`` says of paths why they are unused.

    ``unnamed`` are pictures, by their paths from the target on, whose names give no class.
    ``alike`` holds (folder, class) where a folder of another part is spelled otherwise than its class.
    """

    layout: Layout
    slots: list[Slot] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    alike: list[tuple[Folder, str]] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """The names of the classes, sorted."""
        return sorted({slot.name for slot in self.slots})

    @property
    def is_possible(self) -> bool:
        """Whether there are two classes, each with pictures to train."""
        trained = {slot.name for slot in self.slots if slot.part in {TRAIN, ""}}
        return len(trained) > 1 and all(slot.name in trained for slot in self.slots)

    def owners(self) -> dict[str, tuple[str, str]]:
        """Return (part, class) of each folder's own pictures, by its path."""
        found: dict[str, tuple[str, str]] = {}
        for slot in self.slots:
            for folder in slot.folder.within() if slot.whole else [slot.folder]:
                found.setdefault(folder.path, (slot.part, slot.name))
        return found

    def add(self, part: str, name: str, folder: Folder, *, whole: bool = True) -> None:
        """Take a folder's pictures in."""
        self.slots.append(Slot(part, name, folder, whole))


def arrange(top: Folder, layout: Layout, pattern: str = "") -> Arrangement:
    """Read the folders in a folder by a layout; ``pattern`` is that of the classes in names of files, if any."""
    if layout is Layout.NAMES:
        return _names(top, pattern)
    return {Layout.CLASSES: _classes, Layout.PARTS: _parts, Layout.LEAVES: _leaves}[layout](top)


def signature(arrangement: Arrangement, top: Folder) -> list[tuple[str, int] | None]:
    """Return what a reading makes of the folders with pictures, whatever the classes are called."""
    owners, numbers = arrangement.owners(), dict[str, int]()
    found: list[tuple[str, int] | None] = []
    for folder in top.within():
        if folder.pictures:
            part, name = owners.get(folder.path, ("", ""))
            found.append((part, numbers.setdefault(name, len(numbers))) if name else None)
    return found


def named_parts(folders: Sequence[Folder]) -> dict[str, PartName]:
    """Return what the names of sibling folders say about parts, by path; "evaluation" is test beside another one."""
    found = {folder.path: named for folder in folders if (named := part_name(folder.name)) is not None}
    has_val = any(named.part == VAL and not named.is_unsure for named in found.values())
    return {path: named._replace(part=TEST) if named.is_unsure and has_val else named for path, named in found.items()}


def has_parts_inside(folders: Sequence[Folder]) -> bool:
    """Return whether these folders are classes with their parts inside: cat/train, cat/test, dog/train."""
    deep = [folder for folder in folders if folder.folders]
    inside = [named_parts(folder.folders) for folder in deep]
    if not deep or any(len(named) < len(folder.folders) for named, folder in zip(inside, deep, strict=True)):
        return False
    if len({named.part for named in named_parts(deep).values()}) > 1:
        return False
    parts = {named.part for of_folder in inside for named in of_folder.values()}
    own_train = len(deep) > 1 and all(folder.pictures for folder in deep)  # cat/1.png beside cat/val
    return (TRAIN in parts and len(parts) > 1) or (TRAIN not in parts and own_train)


def unwrapped(folders: Sequence[Folder]) -> dict[str, Folder]:
    """Return for each part's folder the one that holds its classes: seg_train/seg_train/cat."""
    current = {folder.path: folder for folder in folders}
    for _ in range(WRAPPERS):
        inside = {path: {inner.name for inner in folder.folders} for path, folder in current.items()}
        are_single = all(len(names) == 1 for names in inside.values())
        changed = False
        for path, folder in list(current.items()):
            others = set().union(*(names for other, names in inside.items() if other != path))
            if len(folder.folders) == 1 and folder.folders[0].folders:
                only = folder.folders[0]
                if only.name not in others or are_single:
                    current[path], changed = only, True
        if not changed:
            break
    return current


def _classes(top: Folder) -> Arrangement:
    """Take one folder for a class; in it, perhaps, one folder for a part."""
    read = Arrangement(Layout.CLASSES)
    if not has_parts_inside(top.folders):
        for folder in top.folders:
            read.add("", folder.name, folder)
        return read
    has_train = any(named.part == TRAIN for of in top.folders for named in named_parts(of.folders).values())
    for folder in top.folders:
        if folder.pictures:
            read.add("" if has_train else TRAIN, folder.name, folder, whole=False)
        named = named_parts(folder.folders)
        for part in PARTS:
            for inner in folder.folders:
                if named[inner.path].part == part:
                    read.add(part, folder.name, inner)
                    _note_part(read, part, inner.name)
    return read


def _parts(top: Folder) -> Arrangement:
    """Take one folder for a part, in each one for a class; beside test and validation classes may lie at the top."""
    read = Arrangement(Layout.PARTS)
    named = named_parts(top.folders)
    deep = [folder for folder in top.folders if folder.path in named and folder.folders]
    flat = [folder for folder in top.folders if folder.path in named and not folder.folders]
    other = [folder for folder in top.folders if folder.path not in named]
    if not named:
        _unnamed(read, top.folders)
    elif not deep and (combined := list(_combined(top.folders, named))):
        for part, name, folder in combined:
            read.add(part, name, folder)
            _note_part(read, part, folder.name)
    else:
        _take_parts(read, deep, named)
        for folder in flat:
            read.why[folder.path] = f"in the part {named[folder.path].part}, without a class"
        is_split = any(named[folder.path].part == TRAIN for folder in deep)
        tested = {inner.name for folder in deep for inner in folder.folders}
        for folder in other:
            if is_split:
                read.why[folder.path] = "beside the parts, and not named like one"
            elif deep and folder.folders and folder.name not in tested:
                for inner in folder.folders:
                    read.add("", inner.name, inner)
                _note_part(read, "", folder.name)
            else:
                read.add("", folder.name, folder)
    return read


def _unnamed(read: Arrangement, folders: Sequence[Folder]) -> None:
    """Take folders for parts of which nobody knows which: their classes are put together."""
    for folder in folders:
        read.why[folder.path] = "not in a folder of a class"
        for inner in folder.folders:
            read.add("", inner.name, inner)


def _take_parts(read: Arrangement, deep: Sequence[Folder], named: dict[str, PartName]) -> None:
    inner = unwrapped(deep)
    classes = {folder.name for of in deep if named[of.path].part == TRAIN for folder in inner[of.path].folders}
    spelled = _spellings(classes)
    for part in PARTS:
        for folder in deep:
            if named[folder.path].part != part:
                continue
            _note_part(read, part, folder.name)
            read.why[folder.path] = f"in the part {part}, without a class"
            found = inner[folder.path].folders
            if part != TRAIN and len(found) == 1 and len(classes) > 1 and _is_unsorted(found[0].name, classes):
                continue
            for of_class in found:
                name = of_class.name
                if name not in classes and (twin := spelled.get(_folded(name))):
                    read.alike.append((of_class, twin))
                    name = twin
                read.add(part, name, of_class)


def _is_unsorted(name: str, classes: set[str]) -> bool:
    """Return whether the only folder of a part holds pictures of no class: test/unknown, test/images."""
    return name not in classes and _folded(name) not in map(_folded, classes) and says_no_class(name)


def _combined(folders: Sequence[Folder], named: dict[str, PartName]) -> Iterator[tuple[str, str, Folder]]:
    """Give (part, class, folder) where the names hold both: train_cat, train_dog, test_cat; else nothing.

    Beside cat_test and dog_test, cat and dog are for training.
    """
    plain = {"_".join(words_of(folder.name)): folder for folder in folders if folder.path not in named}
    if len(plain) < sum(folder.path not in named for folder in folders):
        return
    named = named | {folder.path: PartName(TRAIN, (name,), is_unsure=False) for name, folder in plain.items()}
    of_part: dict[str, set[str]] = {}
    for folder in folders:
        of_part.setdefault(named[folder.path].part, set()).add("_".join(named[folder.path].rest))
    trained = of_part.get(TRAIN, set())
    if len(of_part) < 2 or len(trained) < 2 or "" in trained or any(not names <= trained for names in of_part.values()):
        return
    for part in PARTS:
        for folder in folders:
            if named[folder.path].part == part:
                name = "_".join(named[folder.path].rest)
                yield part, plain[name].name if name in plain else name, folder


def _leaves(top: Folder) -> Arrangement:
    """Take the innermost folders with pictures as the classes, those of one name together; parts above them count."""
    read = Arrangement(Layout.LEAVES)

    def visit(folder: Folder, part: str, depth: int) -> None:
        named = named_parts(folder.folders)
        parts = {one.part for one in named.values()}
        are_parts = len(parts) > 1 or (len(folder.folders) == 1 and bool(parts)) or (depth == 0 and parts == {TRAIN})
        for inner in folder.folders:
            own = named.get(inner.path)
            if own is None or not are_parts or (own.rest and not inner.folders):
                if inner.pictures:
                    read.add(part, inner.name, inner, whole=False)
                visit(inner, part, depth + 1)
            elif inner.folders:
                read.why[inner.path] = f"in the part {own.part}, without a class"
                _note_part(read, own.part, inner.name)
                visit(inner, own.part, depth + 1)
            elif depth and TRAIN in parts:
                read.add(own.part, folder.name, inner)
                _note_part(read, own.part, inner.name)
            elif depth or parts != {TRAIN}:
                read.why[inner.path] = f"in the part {own.part}, without a class"
            else:
                read.add(part, inner.name, inner)

    visit(top, "", 0)
    order = {TRAIN: 0, VAL: 1, TEST: 2, "": 3}
    read.slots.sort(key=lambda slot: order[slot.part])
    return read


def _names(top: Folder, pattern: str) -> Arrangement:
    """Take the class from the name of each file; folders named like parts are parts."""
    read = Arrangement(Layout.NAMES)
    found = list(_with_parts(top))
    stems = [os.path.splitext(name)[0] for _, _, name in found]  # noqa: PTH122 (ten thousand times)
    parts = [part for part, _, _ in found]
    if not any(parts):
        parts = parts_in_names(stems)
    trains = [part in {TRAIN, ""} for part in parts]
    if pattern:
        classes = classes_by_pattern([name for _, _, name in found], pattern)
    else:
        learnt = iter(classes_in_names([stem for stem, is_train in zip(stems, trains, strict=True) if is_train]))
        classes = [next(learnt) if is_train else "" for is_train in trains]
        known = set(classes) - {""}
        classes = [one or known_class(stem, known) for one, stem in zip(classes, stems, strict=True)]
    slots: dict[tuple[str, str, str], tuple[Folder, list[str]]] = {}
    for part, (_, folder, name), of_class in zip(parts, found, classes, strict=True):
        if of_class:
            slots.setdefault((part, of_class, folder.path), (folder, []))[1].append(name)
        else:
            read.unnamed.append(f"{folder.below}/{name}" if folder.below else name)
    for part in (*PARTS, ""):
        for (of_part, of_class, _), (folder, names) in slots.items():
            if of_part == part:
                read.slots.append(Slot(part, of_class, folder, whole=False, only=tuple(names)))
                if part:
                    _note_part(read, part, _part_folder(folder) or part)
    return read


def _part_folder(folder: Folder) -> str:
    """Return the name of the folder that makes the pictures of a folder a part."""
    return next((name for name in reversed(folder.below.split("/")) if part_name(name)), "")


def _with_parts(top: Folder) -> Iterator[tuple[str, Folder, str]]:
    """Give (part, folder, name) of each picture, those of one real folder once."""
    seen: set[str] = set()

    def visit(folder: Folder, part: str) -> Iterator[tuple[str, Folder, str]]:
        if folder.real not in seen:
            seen.add(folder.real)
            yield from ((part, folder, name) for name in folder.pictures)
            named = named_parts(folder.folders)
            are_parts = len({one.part for one in named.values()}) > 1
            for inner in folder.folders:
                own = named.get(inner.path)
                yield from visit(inner, own.part if own and are_parts else part)

    yield from visit(top, "")


def _note_part(read: Arrangement, part: str, name: str) -> None:
    names = read.parts.setdefault(part, [])
    if name not in names:
        names.append(name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


def _spellings(classes: set[str]) -> dict[str, str]:
    """Return the classes by their names without case, those that differ in nothing else left aside."""
    found: dict[str, list[str]] = {}
    for name in classes:
        found.setdefault(_folded(name), []).append(name)
    return {folded: names[0] for folded, names in found.items() if len(names) == 1}
