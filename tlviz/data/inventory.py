"""Every picture file of a target before anything is decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.data.catalogue import DatasetSpec
from tlviz.data.findings import Finding
from tlviz.data.folder import PARTS, FolderIndex, Problem, scan_folder
from tlviz.data.images import digit_picture, file_stamp, find_dataset
from tlviz.data.strays import find_strays


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture file: ``name`` within the dataset, ``path`` for people, ``stamp`` that changes with its content."""

    name: str
    path: str
    label: int
    part: str
    stamp: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a target; ``root`` is its folder or name, ``problems`` what the listing met.

    The file of several with the same content that a person would keep comes first: training before validation before
    test, then the shorter name.
    """

    root: str
    classes: tuple[str, ...]
    files: tuple[PictureFile, ...]
    problems: tuple[Problem, ...]
    strays: tuple[Finding, ...]


def take_inventory(name: str) -> Inventory:
    """List a target by name or folder, also one that is not fit for training.

    Raises ``BadDatasetError`` where there are no pictures in at least two classes.
    """
    dataset = find_dataset(name)
    if isinstance(dataset, Path):
        folder = dataset
    elif dataset.folder is not None:
        folder = dataset.folder
    else:
        return _digits(dataset)
    index = scan_folder(folder, must_train=False)
    files = tuple(sorted(_files(index), key=_keep_first))
    return Inventory(str(index.root), index.classes, files, index.problems, find_strays(index))


def _keep_first(file: PictureFile) -> tuple[int, int, str]:
    return PARTS.index(file.part) if file.part else 0, len(Path(file.name).name), file.name


def _files(index: FolderIndex) -> Iterator[PictureFile]:
    for file, label, part in zip(index.files, index.labels, index.parts, strict=True):
        name = str(file.relative_to(index.root))
        yield PictureFile(name, str(file), label, part, file_stamp(file), file.read_bytes)


def _digits(spec: DatasetSpec) -> Inventory:
    from sklearn.datasets import load_digits  # takes over a second to import

    digits = load_digits()
    names = [f"{label}/digit {at:04d}" for at, label in enumerate(digits.target)]
    files = tuple(
        PictureFile(name, name, int(label), "", f"sklearn-digits|{at}", _png_reader(values))
        for at, (name, label, values) in enumerate(zip(names, digits.target, digits.images, strict=True))
    )
    return Inventory(spec.name, spec.classes, files, (), ())


def _png_reader(values: NDArray[np.float64]) -> Callable[[], bytes]:
    def read() -> bytes:
        buffer = io.BytesIO()
        digit_picture(values).save(buffer, "PNG")
        return buffer.getvalue()

    return read
