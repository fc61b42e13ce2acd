"""Reading a target from disk: one sub-folder a class, or train/, val/, test/ above them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tlviz.data.pixels.pictures import SUFFIXES
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.reading import GUESSED, ReadAs
from tlviz.errors import BadDatasetError

NO_PICTURES = "no pictures in this class"
PARTS = ("train", "val", "test")
_ALIASES = {"valid": "val", "validation": "val"}
PART_NAMES = {part: part for part in PARTS} | _ALIASES | {"training": "train", "dev": "val", "testing": "test"}
"""The names of the parts that a table may use."""


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """The picture files of a target: ``labels[i]`` indexes ``classes``; ``parts[i]`` is train, val, test or ''."""

    root: Path
    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]
    problems: tuple[Problem, ...]


def scan_folder(
    root: Path, called: str | None = None, *, read_as: ReadAs = GUESSED, must_train: bool = True
) -> FolderIndex:
    """List a target's pictures; symbolic links are followed, hidden entries are not.

    ``read_as`` may say what its folders stand for.
    ``must_train`` False lets a class without training pictures through, for a look at what is wrong.
    Raises ``BadDatasetError``, its sentence about ``called``, unless there are at least two classes with pictures.
    """
    root = root.expanduser()
    part_folders = _part_folders(root)
    problems: list[Problem] = []
    found: list[tuple[str, str, Path]] = []
    for part, folder in part_folders or [("", root)]:
        for class_folder in _subfolders(folder):
            files = pictures_below(class_folder, problems)
            found.extend((part, class_folder.name, file) for file in files)
            if not files and not any(problem.path == str(class_folder) for problem in problems):
                problems.append(Problem(str(class_folder), NO_PICTURES, "left out"))
    classes = tuple(sorted({name for _, name, _ in found}))
    check_classes(called or f"The folder {root}", [(part, name) for part, name, _ in found], must_train=must_train)
    problems.extend(look_alikes(classes, str(root)))
    number = {name: at for at, name in enumerate(classes)}
    return FolderIndex(
        root=root,
        classes=classes,
        files=tuple(file for _, _, file in found),
        labels=tuple(number[name] for _, name, _ in found),
        parts=tuple(part for part, _, _ in found),
        problems=tuple(problems),
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


def _part_folders(root: Path) -> list[tuple[str, Path]]:
    """Return the (part, folder) pairs of a split target, train first; empty where the folder is not split.

    A class may be called train: only with folders inside it is it a part.
    """
    found = [(_ALIASES.get(folder.name.lower(), folder.name.lower()), folder) for folder in _subfolders(root)]
    pairs = [(part, folder) for wanted in PARTS for part, folder in found if part == wanted]
    return pairs if any(part == "train" and _subfolders(folder) for part, folder in pairs) else []


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            paths = [Path(entry.path) for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise BadDatasetError(
            f"The folder {folder} {reason}; give a folder that holds one sub-folder of pictures a class."
        ) from error
    return sorted(path for path in paths if path.is_dir())


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


def is_picture_name(name: str) -> bool:
    """Return whether a file is taken for a picture, by its name's ending."""
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 (ten thousand times)


def pictures_below(folder: Path, problems: list[Problem]) -> list[Path]:
    """List the picture files below a folder, deeper levels included, each real folder once.

    A folder that cannot be read is added to ``problems``.
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
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(Path(parent, name) for name in sorted(names) if not name.startswith(".") and is_picture_name(name))
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
