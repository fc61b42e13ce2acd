"""A target ready for use: its images decoded once into a uint8 array on disk, with labels and parts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.catalogue import DATASETS, DatasetSpec
from tlviz.data.exclusions import excluded_names
from tlviz.data.folder import FolderIndex, Problem, scan_folder
from tlviz.data.ingest import Geometry, Source, ingest
from tlviz.data.pictures import Pixels, open_picture
from tlviz.data.rows import PixelRows
from tlviz.errors import BadDatasetError, UnknownNameError

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A decoded target: ``pixels`` uint8 (N, S, S, 3), a memory map; ``labels`` (N,); ``parts`` and ``names`` (N).

    ``excluded`` are the names of pictures that the person has taken out; ``pixels`` is then a view of the others.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    pixels: Pixels | PixelRows
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    names: tuple[str, ...]
    problems: tuple[Problem, ...]
    may_flip: bool
    excluded: tuple[str, ...] = ()


def find_dataset(name: str) -> DatasetSpec | Path:
    """Return a catalogue row by its name, or the folder of that path.

    Raises ``UnknownNameError`` for what is neither a name nor written like a path.
    """
    if name in DATASETS:
        return DATASETS[name]
    path = Path(name).expanduser()
    if path.is_dir() or len(path.parts) > 1:
        return path
    raise UnknownNameError("target or folder", name, DATASETS)


def dataset_title(name: str) -> str:
    """Return how a target is called where a person reads: its title, or its folder's name."""
    return DATASETS[name].title if name in DATASETS else Path(name).name


def load_images(name: str, geometry: Geometry, progress: Progress | None = None) -> ImageSet:
    """Open a target by name or folder, decoding it only where that was not done before for this geometry.

    Pictures that the person has excluded are left out.
    Raises ``BadDatasetError`` where there is nothing to learn from and ``StorageError`` where it cannot be stored.
    """
    dataset = find_dataset(name)
    if isinstance(dataset, Path):
        folder = dataset
    elif dataset.folder is not None:
        folder = dataset.folder
    else:
        return _load_digits(dataset, geometry, progress)
    index = scan_folder(folder)
    decoded = ingest(_file_sources(index), geometry, progress)
    every = ImageSet(
        name=name,
        title=dataset_title(name),
        classes=index.classes,
        pixels=decoded.pixels,
        labels=np.asarray(index.labels, dtype=np.int64)[decoded.kept],
        parts=tuple(index.parts[at] for at in decoded.kept),
        names=tuple(str(index.files[at].relative_to(index.root)) for at in decoded.kept),
        problems=index.problems + decoded.problems,
        may_flip=not isinstance(dataset, DatasetSpec) or dataset.may_flip,
    )
    images = leave_out(every, excluded_names(name))
    if len(np.unique(images.labels)) < 2:
        raise BadDatasetError(
            f"Fewer than two classes of {folder} have pictures that can be opened and are not excluded; "
            "replace the files or include pictures again."
        )
    return images


def leave_out(images: ImageSet, names: Collection[str]) -> ImageSet:
    """Return a target without the named pictures; nothing is copied or decoded."""
    rows = np.array([at for at, name in enumerate(images.names) if name not in names], dtype=np.int64)
    if len(rows) == len(images.names):
        return images
    return replace(
        images,
        pixels=PixelRows(images.pixels, rows),
        labels=images.labels[rows],
        parts=tuple(images.parts[at] for at in rows),
        names=tuple(images.names[at] for at in rows),
        excluded=tuple(name for name in images.names if name in names),
    )


def file_stamp(file: Path) -> str:
    """Return what changes when a file does: where it really is, its size and its time of change."""
    try:
        state = file.stat()
        return f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}"
    except OSError:
        return f"{file}|missing"


def _file_sources(index: FolderIndex) -> list[Source]:
    return [Source(str(file), file_stamp(file), partial(open_picture, file)) for file in index.files]


def _load_digits(spec: DatasetSpec, geometry: Geometry, progress: Progress | None) -> ImageSet:
    from sklearn.datasets import load_digits  # takes over a second to import

    digits = load_digits()
    sources = [
        Source(f"digit {at}", f"sklearn-digits|{at}", partial(_open_digit, values))
        for at, values in enumerate(digits.images)
    ]
    decoded = ingest(sources, geometry, progress)
    images = ImageSet(
        name=spec.name,
        title=spec.title,
        classes=spec.classes,
        pixels=decoded.pixels,
        labels=digits.target.astype(np.int64),
        parts=("",) * len(digits.target),
        names=tuple(f"{label}/digit {at:04d}" for at, label in enumerate(digits.target)),
        problems=(),
        may_flip=spec.may_flip,
    )
    return leave_out(images, excluded_names(spec.name))


def digit_picture(values: NDArray[np.float64]) -> Image.Image:
    """Turn an 8 x 8 digit with values 0 to 16 into a picture, ink bright on black."""
    return Image.fromarray(np.round(values * 255 / 16).astype(np.uint8)).convert("RGB")


def _open_digit(values: NDArray[np.float64]) -> tuple[Image.Image, None]:
    return digit_picture(values), None
