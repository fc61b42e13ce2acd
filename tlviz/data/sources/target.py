"""A target before it is decoded: the one description that folders, archives, tables and public datasets all give."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.depth import AS_STORED, Depth, decided_in_words
from tlviz.data.pixels.ingest import Source
from tlviz.data.pixels.pictures import open_picture
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import FolderIndex
from tlviz.data.sources.groups import Hint, groups_by_pattern, joined
from tlviz.data.sources.reading import UNSAID, LeftOut, ReadAs, Reading
from tlviz.errors import quoted
from tlviz.medium import Medium


@dataclass(frozen=True, slots=True)
class Target:
    """Pictures with labels, none of them opened yet.

    ``labels`` (N,) index ``classes``; ``parts[i]`` is train, val, test or ''; ``where`` begins a sentence about it.
    ``identity`` is the name or path under which notes on the target are kept; ``folder`` is what it was scanned from.
    ``left_out`` names what is there and not used.  ``groups[i]``, where there are any, names what picture i must share
    its part with, such as a patient; '' is a picture on its own.  ``hints`` are groups that were not chosen.
    ``depth`` is what the person decided about deep pictures.
    """

    title: str
    where: str
    classes: tuple[str, ...]
    sources: tuple[Source, ...]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    problems: tuple[Problem, ...]
    may_flip: bool
    identity: str = ""
    folder: FolderIndex | None = None
    reading: Reading = UNSAID
    left_out: tuple[LeftOut, ...] = ()
    groups: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    depth: Depth = AS_STORED
    medium: Medium = Medium.PICTURES


def folder_target(index: FolderIndex, title: str, where: str, *, may_flip: bool) -> Target:
    """Describe a scanned folder; a picture is named by its path below the folder, on every system with slashes."""
    root = f"{index.root}{os.sep}"
    return Target(
        title=title,
        where=where,
        classes=index.classes,
        sources=file_sources(index.files),
        names=tuple(str(file).removeprefix(root).replace(os.sep, "/") for file in index.files),
        labels=np.asarray(index.labels, dtype=np.int64),
        parts=index.parts,
        problems=index.problems,
        may_flip=may_flip,
        folder=index,
        reading=index.reading,
        left_out=index.left_out,
    )


def as_decided(target: Target, read_as: ReadAs) -> Target:
    """Return a target with what a person decided about any kind of it: groups by its names, and deep pictures.

    Raises ``BadSettingError`` for a pattern that cannot be used.
    """
    target = _grouped(target, read_as)
    if words := decided_in_words(read_as.depth):
        reading = replace(target.reading, layout=_also(target.reading.layout, words))
        target = replace(target, depth=read_as.depth, reading=reading)
    return target


def _grouped(target: Target, read_as: ReadAs) -> Target:
    """Return a target with the groups that a pattern makes of its names, beside those of a table's column."""
    if not read_as.group_pattern:
        return target
    found = groups_by_pattern(target.names, read_as.group_pattern)
    alone = found.count("")
    words = f"groups by {quoted(read_as.group_pattern)}" + (f", {alone:,} names without one" if alone else "")
    reading = replace(target.reading, layout=_also(target.reading.layout, words))
    return replace(target, groups=joined(target.groups, found), reading=reading, hints=())


def _also(layout: str, words: str) -> str:
    return f"{layout}; {words}" if layout else words


def file_sources(files: Sequence[Path]) -> tuple[Source, ...]:
    """Describe picture files; a stamp holds the real path, the size and the time of change.

    Folders are resolved once each: resolving every file would take as long as all the rest of a second opening.
    """
    real: dict[str, str] = {}
    sources = []
    for file in files:
        text = str(file)
        folder, name = os.path.split(text)
        if folder not in real:
            real[folder] = os.path.realpath(folder)
        sources.append(Source(text, _stamp(text, f"{real[folder]}{os.sep}{name}"), partial(open_picture, file), file))
    return tuple(sources)


def _stamp(file: str, real: str) -> str:
    try:
        state = os.lstat(file)
        if stat.S_ISLNK(state.st_mode):
            real, state = os.path.realpath(file), os.stat(file)  # noqa: PTH116 (ten thousand times)
    except OSError:
        return f"{real}|missing"
    return f"{real}|{state.st_size}|{state.st_mtime_ns}"
