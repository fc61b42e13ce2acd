"""Whether a folder or a file given as a target is made of texts."""

from __future__ import annotations

import os
from pathlib import Path

from tlviz.data.sources.folder import is_picture_name
from tlviz.data.sources.given_file import is_table
from tlviz.data.sources.reading import ReadAs
from tlviz.data.texts.find_text import LINES, is_text_name, read_texts
from tlviz.errors import TlvizError
from tlviz.medium import Medium

TEXT_FILES = (".txt", ".text", ".md")
"""Endings of files that hold one text each."""
_MOST_ENTRIES = 20_000
_PROSE = 3.0
"""Words a cell from which a column without such a name holds texts."""


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
    """Look at cells: a column of picture names decides; without any, one of prose or of a text's name does."""
    try:
        grid, _ = read_texts(path)
    except TlvizError:
        return Medium.PICTURES
    prose = False
    for name in grid.names:
        cells = [cell for cell in grid.sample(name)[:200] if cell]
        if cells and sum(map(is_picture_name, cells)) * 2 > len(cells):
            return Medium.PICTURES
        words = sum(len(cell[:2000].split()) for cell in cells) / max(1, len(cells))
        is_chosen = bool(read_as.path_column) and read_as.path_column == name
        prose = prose or words >= (1.0 if is_text_name(name) or is_chosen else _PROSE)
    return Medium.TEXTS if prose else Medium.PICTURES
