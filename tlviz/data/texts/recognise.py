"""Whether a folder or a file given as a target is made of texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tlviz.data.sources.folder import is_picture_name
from tlviz.data.sources.given_file import is_table
from tlviz.data.sources.reading import ReadAs
from tlviz.data.texts.find_text import LINES, is_text_name, mean_words, read_texts
from tlviz.errors import TlvizError
from tlviz.medium import Medium

TEXT_FILES = (".txt", ".text", ".md")
"""Endings of files that hold one text each."""
_MOST_ENTRIES = 20_000
_PROSE, _FEW_WORDS = 3.0, 1.5
"""Words a cell from which a column without such a name holds texts; fewer do where a person chose it."""
_ROWS, _SAMPLE = 2_000, 200


def is_lines(path: Path) -> bool:
    """Return whether a path is named like a file with one JSON object a line."""
    return path.suffix.lower() in LINES


def recognised(path: Path, read_as: ReadAs) -> Medium:
    """Return what a folder or a table is made of; what is neither is left to the readers of pictures."""
    if path.is_dir():
        return _folder(path)
    if is_lines(path) and path.is_file():
        return Medium.TEXTS
    return _table(path, read_as) if is_table(path) and path.is_file() else Medium.PICTURES


def _folder(path: Path) -> Medium:
    """Look for files: a single picture decides; without any, text files in sub-folders do."""
    found, seen = Medium.PICTURES, 0
    for folder, _, files in os.walk(path):
        for name in files:
            seen += 1
            if is_picture_name(name) or seen > _MOST_ENTRIES:
                return Medium.PICTURES if is_picture_name(name) else found
            if name.lower().endswith(TEXT_FILES) and Path(folder) != path:
                found = Medium.TEXTS
    return found


def _table(path: Path, read_as: ReadAs) -> Medium:
    """Look at cells: a column of picture names decides; without any, one of prose or of a text's name does.

    A table of pictures may give their names without an ending, or have no cells that a comma parts: those are found
    beside it, or left to the readers of such tables.
    """
    try:
        grid, _ = read_texts(path, _ROWS)  # opening the target reads them all
    except TlvizError:
        return Medium.PICTURES
    samples = {name: [cell for cell in grid.sample(name)[:_SAMPLE] if cell] for name in grid.names}
    words = {name: mean_words(cells) for name, cells in samples.items()}
    if any(_share(is_picture_name, cells) > 0.5 for cells in samples.values()):
        return Medium.PICTURES
    if read_as.path_column:
        chosen = next((name for name in grid.names if name == read_as.path_column), "")
        return Medium.TEXTS if words.get(chosen, 0.0) >= _FEW_WORDS else Medium.PICTURES
    is_prose = any(words[name] >= (1.0 if is_text_name(name) else _PROSE) for name in grid.names)
    if not is_prose or (len(grid.names) == 1 and not is_text_name(grid.names[0])):
        return Medium.PICTURES
    return Medium.PICTURES if _names_pictures_beside(path, samples.values()) else Medium.TEXTS


def _names_pictures_beside(path: Path, columns: Iterable[Sequence[str]]) -> bool:
    """Return whether most cells of a column are names, without an ending, of pictures below the table's folder."""
    stems: set[str] = set()
    seen = 0
    for _, folders, files in os.walk(path.parent):
        folders[:] = [name for name in folders if not name.startswith(".")]
        stems |= {Path(name).stem for name in files if is_picture_name(name)}
        seen += len(files) + len(folders)
        if seen > _MOST_ENTRIES:
            break
    return bool(stems) and any(_share(lambda cell: Path(cell).name in stems, cells) > 0.5 for cells in columns)


def _share(holds: Callable[[str], bool], cells: Sequence[str]) -> float:
    return sum(map(holds, cells)) / len(cells) if cells else 0.0
