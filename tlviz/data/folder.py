"""Reading a target from disk: one sub-folder a class, or train/, val/, test/ above them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tlviz.data.pictures import SUFFIXES
from tlviz.errors import BadDatasetError

PARTS = ("train", "val", "test")
_ALIASES = {"valid": "val", "validation": "val"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about one file or folder, and what the program does about it."""

    path: str
    problem: str
    action: str


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """The picture files of a target: ``labels[i]`` indexes ``classes``; ``parts[i]`` is train, val, test or ''."""

    root: Path
    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]
    problems: tuple[Problem, ...]


def scan_folder(root: Path, *, must_train: bool = True) -> FolderIndex:
    """List a target's pictures; symbolic links are followed, hidden entries are not.

    ``must_train`` False lets a class without training pictures through, for a look at what is wrong.
    Raises ``BadDatasetError`` unless there are at least two classes with pictures.
    """
    root = root.expanduser()
    part_folders = _part_folders(root)
    problems: list[Problem] = []
    found: list[tuple[str, str, Path]] = []
    for part, folder in part_folders or [("", root)]:
        for class_folder in _subfolders(folder):
            files = _pictures(class_folder)
            found.extend((part, class_folder.name, file) for file in files)
            if not files:
                problems.append(Problem(str(class_folder), "no pictures in this class", "left out"))
    classes = tuple(sorted({name for _, name, _ in found}))
    _check(root, classes, found, needs_train=must_train and bool(part_folders))
    number = {name: at for at, name in enumerate(classes)}
    return FolderIndex(
        root=root,
        classes=classes,
        files=tuple(file for _, _, file in found),
        labels=tuple(number[name] for _, name, _ in found),
        parts=tuple(part for part, _, _ in found),
        problems=tuple(problems),
    )


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


def _pictures(folder: Path) -> list[Path]:
    """List the picture files below a class folder, deeper levels included, each real folder once."""
    found: list[Path] = []
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            Path(parent, name)
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        )
    return found


def _check(root: Path, classes: tuple[str, ...], found: list[tuple[str, str, Path]], *, needs_train: bool) -> None:
    if not found:
        raise BadDatasetError(
            f"The folder {root} holds no pictures in sub-folders; put the pictures of each class into a sub-folder."
        )
    if len(classes) < 2:
        raise BadDatasetError(
            f"The folder {root} holds one class only ('{classes[0]}'); "
            "at least two sub-folders with pictures are needed."
        )
    if needs_train:
        trained = {name for part, name, _ in found if part == "train"}
        missing = sorted(set(classes) - trained)
        if missing:
            raise BadDatasetError(
                f"The folder {root} has no training pictures of {', '.join(missing)}; "
                "every class needs a sub-folder with pictures in train/."
            )
