"""Every picture file of a target before anything is decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tlviz.data.doctor.findings import Finding
from tlviz.data.doctor.unused_files import find_strays
from tlviz.data.images import open_target
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Source
from tlviz.data.pixels.opening import read_file
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import PARTS
from tlviz.data.sources.groups import Hint, hint_from_names
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture file: ``name`` within the dataset, ``path`` for people, ``stamp`` that changes with its content.

    ``group`` is what it must share its part with, '' where nothing; ``hints`` are the same by each hint of the target.
    ``file`` is where it lies, None where it is no file of its own.
    """

    name: str
    path: str
    label: int
    part: str
    stamp: str
    read: Callable[[], bytes]
    group: str = ""
    hints: tuple[str, ...] = ()
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a target; ``root`` is its folder or name, ``problems`` what the listing met.

    Notes on the target are kept under ``identity``; ``depth`` is what the person decided about deep pictures.

    The file of several with the same content that a person would keep comes first: training before validation before
    test, then the shorter name.
    """

    root: str
    identity: str
    classes: tuple[str, ...]
    files: tuple[PictureFile, ...]
    problems: tuple[Problem, ...]
    strays: tuple[Finding, ...]
    hints: tuple[Hint, ...] = ()
    depth: Depth = AS_STORED


def take_inventory(name: str, read_as: ReadAs | None = None) -> Inventory:
    """List a target by name or path, also one that is not fit for training; ``read_as`` is as in ``open_target``.

    Raises ``BadDatasetError`` where there are no pictures in at least two classes.
    """
    target = open_target(name, must_train=False, read_as=read_as)
    by_name = None if target.groups else hint_from_names(target.names)
    target = replace(target, hints=(*target.hints, *([by_name] if by_name else [])))
    files = tuple(sorted(_files(target), key=_keep_first))
    strays = find_strays(target.folder) if target.folder else ()
    root = str(target.folder.root) if target.folder else target.identity
    reported = {stray.path for stray in strays}
    problems = tuple(problem for problem in target.problems if problem.path not in reported)
    return Inventory(root, target.identity, target.classes, files, problems, strays, target.hints, target.depth)


def _keep_first(file: PictureFile) -> tuple[int, int, str]:
    return PARTS.index(file.part) if file.part else 0, len(Path(file.name).name), file.name


def _files(target: Target) -> Iterator[PictureFile]:
    groups = target.groups or ("",) * len(target.names)
    hints = list(zip(*(hint.groups for hint in target.hints), strict=True)) or [()] * len(target.names)
    rows = zip(target.sources, target.names, target.labels, target.parts, groups, hints, strict=True)
    for source, name, label, part, group, hinted in rows:
        read = partial(read_file, source.path) if source.path else partial(_as_png, source)
        yield PictureFile(name, source.name, int(label), part, source.stamp, read, group, hinted, source.path)


def _as_png(source: Source) -> bytes:
    """Return a picture that is no file of its own as one."""
    buffer = io.BytesIO()
    source.open()[0].save(buffer, "PNG")
    return buffer.getvalue()
