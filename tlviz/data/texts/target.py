"""Targets of texts: tables, and folders with one sub-folder a class of text files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.class_order import in_order
from tlviz.data.sources.folder import look_alikes
from tlviz.data.sources.part_names import part_name
from tlviz.data.sources.reading import LeftOut, ReadAs, Reading
from tlviz.data.sources.target import Target
from tlviz.data.texts.recognise import TEXT_FILES
from tlviz.data.texts.source import text_source
from tlviz.data.texts.table import text_table
from tlviz.errors import BadDatasetError, quoted
from tlviz.medium import Medium

_LARGEST = 4 * 2**20
"""Bytes of a text file; no encoder reads more than the first few thousand."""


def text_target(path: Path, title: str, read_as: ReadAs, *, must_train: bool) -> Target:
    """Describe a table or a folder of texts.  Raises ``BadDatasetError`` where there is nothing to learn from."""
    if not path.is_dir():
        return text_table(path, read_as, must_train=must_train)
    return _folder(path, title, must_train=must_train)


def _folder(root: Path, title: str, *, must_train: bool) -> Target:
    """Read one sub-folder a class, or parts with such in them."""
    rows: list[tuple[Path, str, str, str]] = []
    left_out: list[LeftOut] = []
    problems: list[Problem] = []
    parts = {entry.name: _part(entry.name) for entry in sorted(root.iterdir()) if entry.is_dir()}
    has_parts = any(parts.values()) and all(part or not _has_texts(root / name) for name, part in parts.items())
    for name, part in parts.items():
        folders = sorted(entry for entry in (root / name).iterdir() if entry.is_dir()) if has_parts else [root / name]
        for folder in folders if not has_parts or part else ():
            for file in _files(folder):
                text, odd = read_text(file)
                if text is None or not text.strip():
                    left_out.append(LeftOut(str(file), odd or "no text"))
                    continue
                if odd:
                    problems.append(Problem(str(file), odd, "kept"))
                rows.append((file, text, folder.name, part or "" if has_parts else ""))
    classes = in_order({label for _, _, label, _ in rows})
    if len(classes) < 2:
        raise BadDatasetError(
            f"The folder {root} has texts in {len(classes)} class{'' if len(classes) == 1 else 'es'}; it needs one "
            "sub-folder of text files a class, two at least."
        )
    taught = {label for _, _, label, part in rows if part in ("train", "")}
    if must_train and (lacking := [name for name in classes if name not in taught]):
        raise BadDatasetError(f"The folder {root} has no training texts of {quoted(lacking[0])}.")
    number = {name: at for at, name in enumerate(classes)}
    names = tuple(str(file.relative_to(root)).replace(os.sep, "/") for file, *_ in rows)
    words = "one folder a class of text files"
    words = f"one folder a part, in each {words}" if has_parts else words
    return Target(
        title=title,
        where=f"The folder {root}",
        classes=classes,
        sources=tuple(text_source(str(file), text, file) for file, text, *_ in rows),
        names=names,
        labels=np.array([number[label] for _, _, label, _ in rows], dtype=np.int64),
        parts=tuple(part for *_, part in rows),
        problems=(*problems, *look_alikes(classes, str(root))),
        may_flip=False,
        medium=Medium.TEXTS,
        reading=Reading(words),
        left_out=tuple(left_out),
    )


def _part(name: str) -> str:
    found = part_name(name)
    return found.part if found is not None and not found.rest else ""


def _has_texts(folder: Path) -> bool:
    return next(_files(folder), None) is not None


def _files(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(TEXT_FILES) and not name.startswith("."):
                yield Path(at) / name


def read_text(file: Path) -> tuple[str | None, str | None]:
    """Return the text of a file and what was odd about it; None where it cannot be read."""
    try:
        if not file.is_file():
            return None, "is not a file"
        with file.open("rb") as opened:
            content = opened.read(_LARGEST)
    except OSError as error:
        return None, f"cannot be read: {error.strerror or error}"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), None
    odd = None
    if b"\0" in content:
        content, odd = content.replace(b"\0", b" "), "NUL bytes in it; they are read as blanks"
    try:
        return content.decode("utf-8-sig"), odd
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), "no UTF-8; read as Western European"
