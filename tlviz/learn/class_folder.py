"""An instructor's folder: own cards, own words and own datasets for a class, given by one setting.

``cards/*.yaml`` adds cards or replaces those of the same name, ``words.yaml`` does so with words, ``results/*.json``
are what was measured for own cards, and every folder in ``datasets/`` is a target.
"""

from __future__ import annotations

import os
from pathlib import Path

from tlviz.errors import BadLessonError

CLASS_FOLDER = "TLVIZ_CLASS"
"""The environment variable that ``tlviz app --class`` sets."""


def class_folder() -> Path | None:
    """Return the instructor's folder, None where none is given.  Raises ``BadLessonError`` where it is no folder."""
    given = os.environ.get(CLASS_FOLDER, "").strip()
    return checked_folder(given) if given else None


def checked_folder(given: str) -> Path:
    """Return a folder for a class by its path.  Raises ``BadLessonError`` where it is none."""
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        raise BadLessonError(f"The folder for a class, {folder}, is not there; set {CLASS_FOLDER} to an existing one.")
    return folder


def class_datasets() -> dict[str, Path]:
    """Return the instructor's targets by their names; what begins with a dot is none.  Raises ``BadLessonError``."""
    folder = class_folder()
    if folder is None or not (folder / "datasets").is_dir():
        return {}
    found = sorted(path for path in (folder / "datasets").iterdir() if path.is_dir() and path.name[0] != ".")
    return {path.name: path for path in found}
