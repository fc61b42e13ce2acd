"""Reading a target from disk: which folders are classes, which are parts, and what is left out."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.signatures import is_picture, why_no_picture
from tlviz.data.sources.class_order import in_order
from tlviz.data.sources.folder_layout import decide, find_top, layout_words
from tlviz.data.sources.folder_masks import find_masks, take_masks_away
from tlviz.data.sources.folder_refusals import refuse_beside, refuse_detection, refuse_flat
from tlviz.data.sources.folder_slots import Arrangement, Slot
from tlviz.data.sources.folder_tree import Folder, Tree, is_picture_name, read_tree
from tlviz.data.sources.part_names import PART_NAMES, PARTS, part_name
from tlviz.data.sources.reading import GUESSED, UNSAID, Layout, LeftOut, ReadAs, Reading
from tlviz.data.sources.side_names import is_system_name
from tlviz.errors import BadDatasetError, BadSettingError

__all__ = [
    "PARTS",
    "PART_NAMES",
    "FolderIndex",
    "check_classes",
    "given_path",
    "is_picture_name",
    "look_alikes",
    "pictures_below",
    "scan_folder",
]
NO_PICTURES = "no pictures in this class"
MASKS_OF = "masks of"
UNNAMED = "its name gives no class"
SPELLED_OTHERWISE = "is spelled otherwise than the class"
LIKE_A_PART = "is named like a part of a target and read as a class"
OUTSIDE = "outside the folders of the classes"


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """The picture files of a target: ``labels[i]`` indexes ``classes``; ``parts[i]`` is train, val, test or ''.

    ``left_out`` names what is not used by its path below ``root``, with slashes.
    """

    root: Path
    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]
    problems: tuple[Problem, ...]
    reading: Reading = UNSAID
    left_out: tuple[LeftOut, ...] = ()


def scan_folder(
    root: Path, called: str | None = None, *, read_as: ReadAs = GUESSED, must_train: bool = True
) -> FolderIndex:
    """List a target's pictures; symbolic links are followed, hidden entries are not.

    ``read_as`` may say what its folders stand for; where it does not, they are understood by their shape and names,
    and what these leave open is a question of the reading.
    ``must_train`` False lets a class without training pictures through, for a look at what is wrong.
    Raises ``BadDatasetError``, its sentence about ``called``, unless there are at least two classes with pictures.
    """
    root = root.expanduser()
    called = called or f"The folder {root}"
    tree = read_tree(root)
    beside: dict[str, str] = {}
    if read_as.layout is not Layout.CLASSES:
        tree.root, beside = take_masks_away(tree.root)
        tree.left_out.extend(LeftOut(path, f"a mask of {picture} beside it") for path, picture in beside.items())
    spared = find_top(tree.root).path if read_as.layout is Layout.CLASSES else None
    masks = find_masks(tree.root, spared)
    whole = tree.root.without(frozenset(masks))
    top = find_top(whole)
    if read_as.class_pattern and read_as.layout not in {None, Layout.NAMES}:
        raise BadSettingError(f"A class pattern is for the layout names; the layout {read_as.layout} was chosen.")
    decision = decide(top, read_as.layout, called, read_as.class_pattern or "")
    chosen = decision.chosen
    found = [(slot, file) for slot in chosen.slots for file in _files(slot)]
    pairs = [(slot.part, slot.name) for slot, _ in found]
    if len({name for _, name in pairs}) < 2:
        refuse_detection(called, tree, masks)
        refuse_beside(called, tree)
        refuse_flat(called, chosen, top)
    check_classes(called, pairs, must_train=must_train)
    classes = in_order(name for _, name in pairs)
    number = {name: at for at, name in enumerate(classes)}
    reading = Reading(
        layout=layout_words(chosen, top, whole),
        questions=decision.questions,
        used=ReadAs(layout=chosen.layout, class_pattern=read_as.class_pattern),
        layouts=decision.possible,
    )
    return FolderIndex(
        root=root,
        classes=classes,
        files=tuple(file for _, file in found),
        labels=tuple(number[name] for _, name in pairs),
        parts=tuple(part for part, _ in pairs),
        problems=(
            *tree.problems,
            *_odd(tree, chosen, top, has_question=bool(decision.questions)),
            *look_alikes(classes, str(root)),
        ),
        reading=reading,
        left_out=tuple(_left_out(tree, chosen, masks, top)),
    )


def given_path(text: str) -> Path:
    """Return the path that a person wrote.

    Raises ``BadDatasetError`` for what can be no path, and on Windows for one on another machine, as after two slashes:
    only looking there would send the person's sign-in to that machine.
    """
    if _is_elsewhere(text):
        raise BadDatasetError(
            f"'{text[:80]}' is on another machine; give it a drive letter (net use Z: ...) and write that."
        )
    try:
        path = Path(text).expanduser()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadDatasetError(f"'{text[:80]}' is not a valid path ({error}); check its spelling.") from error
    return path


def _is_elsewhere(text: str) -> bool:
    """Return whether Windows would look for a path on another machine or among its devices; slashes may be either."""
    begin = text.strip().strip("\"'").replace("/", "\\").upper()
    is_local = begin.startswith("\\\\?\\") and not begin.startswith("\\\\?\\UNC\\")
    return os.name == "nt" and begin.startswith("\\\\") and not is_local


def look_alikes(classes: Sequence[str], where: str) -> list[Problem]:
    """Report classes whose names differ in case, or in how an accent is encoded, only; they stay two classes."""
    first: dict[str, str] = {}
    problems = []
    for name in classes:
        twin = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if twin != name:
            is_case = unicodedata.normalize("NFC", name) != unicodedata.normalize("NFC", twin)
            in_what = "upper and lower case" if is_case else "the encoding of an accent"
            problem = f"the classes '{twin}' and '{name}' differ in {in_what} only"
            problems.append(Problem(where, problem, "kept as two classes; rename one if they are the same"))
    return problems


def pictures_below(folder: Path, problems: list[Problem], others: list[LeftOut] | None = None) -> list[Path]:
    """List the picture files below a folder, deeper levels included, each real folder once.

    A folder that cannot be read is added to ``problems``, a file that is no picture to ``others``; hidden ones are not.
    """
    found: list[Path] = []
    seen: set[str] = set()

    def note(error: OSError) -> None:
        problems.append(Problem(str(error.filename), f"the folder cannot be read: {error.strerror}", "left out"))

    for parent, folders, names in os.walk(folder, followlinks=True, onerror=note):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not is_system_name(name))
        for path in (os.path.join(parent, name) for name in sorted(names) if not name.startswith(".")):  # noqa: PTH118
            if is_picture(path):
                found.append(Path(path))
            elif others is not None:
                others.append(LeftOut(path, why_no_picture(path)))
    return found


def check_classes(called: str, found: Sequence[tuple[str, str]], *, must_train: bool = True) -> None:
    """Raise ``BadDatasetError`` unless the (part, class) pairs hold two classes, each with training pictures."""
    classes = sorted({name for _, name in found})
    if not classes:
        raise BadDatasetError(
            f"{called} holds no pictures in sub-folders; put the pictures of each class into a sub-folder."
        )
    if len(classes) < 2:
        raise BadDatasetError(
            f"{called} holds one class only ('{classes[0]}'); at least two sub-folders with pictures are needed."
        )
    parts = {part for part, _ in found}
    if must_train and parts != {""}:
        trained = {name for part, name in found if part in {"train", ""}}
        missing = sorted(set(classes) - trained)
        if missing:
            raise BadDatasetError(
                f"{called} has no training pictures of {', '.join(missing)}; "
                "every class needs a sub-folder with pictures in train/."
            )


def _files(slot: Slot) -> Iterator[Path]:
    """Give the pictures of a slot, each real folder once."""
    seen: set[str] = set()
    for folder in slot.folder.within() if slot.whole else [slot.folder]:
        if folder.real not in seen:
            seen.add(folder.real)
            base = Path(folder.path)
            names = folder.pictures if slot.only is None else slot.only
            yield from (base / name for name in names)  # parses the folder's path once


def _odd(tree: Tree, chosen: Arrangement, top: Folder, *, has_question: bool) -> Iterator[Problem]:
    """Report classes without pictures, those of another part spelled otherwise, and those named like a part.

    ``has_question`` says that the reading asks already which of these folders are parts.
    """
    told = {problem.path for problem in tree.problems}
    levels = {os.path.dirname(slot.folder.path) for slot in chosen.slots}  # noqa: PTH120
    if chosen.layout is Layout.PARTS:
        levels |= {
            empty.path for empty in tree.empty if part_name(empty.name) and Path(empty.path).parent == Path(top.path)
        }
    for empty in tree.empty:
        is_told = any(path == empty.path or path.startswith(f"{empty.path}{os.sep}") for path in told)
        if os.path.dirname(empty.path) in levels and not is_told:  # noqa: PTH120
            yield Problem(empty.path, NO_PICTURES, "left out")
    if chosen.layout is Layout.CLASSES and not has_question and not {"invalid", "nonvalid"} & {*chosen.classes}:
        for slot in chosen.slots:
            named = part_name(slot.name)
            if slot.whole and not slot.part and named is not None and not named.rest and len(slot.name) > 3:
                yield Problem(slot.folder.path, LIKE_A_PART, "kept as a class; if it is none, move it elsewhere")
    for folder, name in chosen.alike:
        yield Problem(folder.path, f"{SPELLED_OTHERWISE} '{name}' of training", f"read as '{name}'")


def _left_out(tree: Tree, chosen: Arrangement, masks: dict[str, str], top: Folder) -> Iterator[LeftOut]:
    """Name what is not used: what could be no picture, folders without pictures, and pictures outside the classes."""
    yield from tree.left_out
    told = {one.path for one in tree.left_out}
    for empty in tree.empty:
        if empty.below not in told:
            yield LeftOut(empty.below, "holds no pictures")
    yield from (LeftOut(path, UNNAMED) for path in chosen.unnamed)
    used = chosen.owners()
    if chosen.layout is Layout.NAMES:  # every picture has been looked at, but for what lies beside the top
        used |= {folder.path: ("", "") for folder in top.within()}
    yield from _unused(tree.root, OUTSIDE, used, chosen.why, masks)


def _unused(
    folder: Folder, reason: str, used: dict[str, tuple[str, str]], why: dict[str, str], masks: dict[str, str]
) -> Iterator[LeftOut]:
    """Name the pictures of a folder that is not used; a folder of which none is, is one entry."""
    if folder.path in masks:
        yield LeftOut(folder.below, f"{MASKS_OF} the pictures in {masks[folder.path]} ({_counted(folder.count)})")
        return
    reason = why.get(folder.path, reason)
    is_mere = "without a class" not in reason and reason != OUTSIDE
    if is_mere and folder.path not in used and not any(inner.path in used for inner in folder.within()):
        yield LeftOut(folder.below, f"{reason} ({_counted(folder.count)})")
        return
    if folder.path not in used:
        yield from (LeftOut(f"{folder.below}/{n}" if folder.below else n, reason) for n in folder.pictures)
    for inner in folder.folders:
        yield from _unused(inner, reason, used, why, masks)


def _counted(count: int) -> str:
    return "one picture" if count == 1 else f"{count:,} pictures"
