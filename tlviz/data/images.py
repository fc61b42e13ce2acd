"""A target ready for use: its images decoded once into a uint8 array on disk, with labels and parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.data.archive import is_archive, unpack
from tlviz.data.catalogue import DATASETS, DatasetSpec
from tlviz.data.digits import digits_target
from tlviz.data.flips import suggest_may_flip
from tlviz.data.folder import Problem, scan_folder
from tlviz.data.ingest import Geometry, ingest
from tlviz.data.pictures import Pixels
from tlviz.data.public import PUBLIC, PublicSpec, public_target
from tlviz.data.store import list_stored, read_note, stored
from tlviz.data.table import is_table, table_target
from tlviz.data.target import Target, folder_target
from tlviz.errors import BadDatasetError, UnknownNameError

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A decoded target: ``pixels`` uint8 (N, S, S, 3), a memory map; ``labels`` (N,); ``parts`` and ``names`` (N)."""

    name: str
    title: str
    classes: tuple[str, ...]
    pixels: Pixels
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    names: tuple[str, ...]
    problems: tuple[Problem, ...]
    may_flip: bool


def find_dataset(name: str) -> DatasetSpec | PublicSpec | Path:
    """Return a catalogue row or a public dataset by its name, or the path of a folder, an archive or a table.

    A stored target, unpacked before, is also found by its name.  Raises ``UnknownNameError`` for what is neither a
    name nor written like a path.
    """
    if name in DATASETS:
        return DATASETS[name]
    if name in PUBLIC:
        return PUBLIC[name]
    path = Path(name).expanduser()
    if path.exists() or len(path.parts) > 1:
        return path
    known = [*DATASETS, *PUBLIC, *(folder.name for folder in list_stored())]
    if (folder := stored(name)) is not None:
        return folder
    raise UnknownNameError("target or folder", name, known)


def dataset_title(name: str) -> str:
    """Return how a target is called where a person reads: its title, or its file's or folder's name."""
    if name in DATASETS:
        return DATASETS[name].title
    return PUBLIC[name].title if name in PUBLIC else Path(name).name


def open_target(name: str, unpacking: Progress | None = None) -> Target:
    """Describe a target by name or path without opening its pictures; an archive is unpacked where it was not before.

    ``unpacking`` is told bytes done and in all.  Raises ``BadDatasetError`` where there is nothing to learn from.
    """
    dataset = find_dataset(name)
    if isinstance(dataset, PublicSpec):
        return public_target(dataset)
    if isinstance(dataset, DatasetSpec):
        if dataset.folder is None:
            return digits_target(dataset)
        where = f"The folder {dataset.folder}"
        return folder_target(scan_folder(dataset.folder), dataset.title, where, may_flip=dataset.may_flip)
    if is_table(dataset) and not dataset.is_dir():
        return table_target(dataset)
    if is_archive(dataset) and not dataset.is_dir():
        return _folder(unpack(dataset, unpacking), dataset.name)
    return _folder(dataset, dataset_title(name))


def settle(name: str, unpacking: Progress | None = None) -> str:
    """Check that a target can be opened, and return the name that finds it from anywhere, later too.

    An archive is unpacked and its folder returned.  Raises what ``open_target`` raises.
    """
    dataset = find_dataset(name)
    if isinstance(dataset, DatasetSpec):
        return name
    if isinstance(dataset, Path):
        is_packed = is_archive(dataset) and not dataset.is_dir()
        name = str(unpack(dataset, unpacking) if is_packed else dataset.resolve())
    open_target(name)
    return name


def load_images(
    name: str, geometry: Geometry, progress: Progress | None = None, unpacking: Progress | None = None
) -> ImageSet:
    """Open a target by name or path, decoding it only where that was not done before for this geometry.

    Raises ``BadDatasetError`` where there is nothing to learn from and ``StorageError`` where it cannot be stored.
    """
    target = open_target(name, unpacking)
    decoded = ingest(target.sources, geometry, progress)
    kept = decoded.kept
    labels = target.labels[kept]
    if len(np.unique(labels)) < 2:
        raise BadDatasetError(f"Fewer than two classes of {name} have pictures that can be opened; replace the files.")
    return ImageSet(
        name=name,
        title=target.title,
        classes=target.classes,
        pixels=decoded.pixels,
        labels=labels,
        parts=tuple(target.parts[at] for at in kept),
        names=tuple(target.names[at] for at in kept),
        problems=target.problems + decoded.problems,
        may_flip=target.may_flip,
    )


def _folder(path: Path, title: str) -> Target:
    """Describe a folder, the pictures of an unpacked archive included, with what was odd about the archive."""
    note = read_note(path)
    root = path / str(note.get("root", "."))
    index = scan_folder(root)
    target = folder_target(index, title, f"The folder {root}", may_flip=suggest_may_flip(title, index.classes))
    return replace(target, problems=(*(Problem(**problem) for problem in note.get("problems", ())), *target.problems))
