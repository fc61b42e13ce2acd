"""Decode every picture once into a uint8 array on disk, keyed by the files' identity and the geometry."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from PIL import Image

from tlviz.data.folder import Problem
from tlviz.data.pictures import Fit, Pixels, fit_picture
from tlviz.errors import BadDatasetError, BadPictureError
from tlviz.home import cache_folder, make_folder, storage_errors

_FORMAT = 1
_KEEP = 24
"""Decoded targets kept on disk; the least recently used goes first."""
_DAY_S = 86_400

Opener = Callable[[], tuple[Image.Image, str | None]]


@dataclass(frozen=True, slots=True)
class Geometry:
    """How pictures become square: side in pixels, fit, interpolation and the crop's share of the side."""

    size: int
    fit: Fit
    interpolation: str
    crop_fraction: float


@dataclass(frozen=True, slots=True)
class Source:
    """One picture to decode: its name for messages, a stamp that changes with its content, and how to open it.

    ``path`` is its file, None where it lies inside a larger one.
    """

    name: str
    stamp: str
    open: Opener
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """``pixels`` uint8 (n, S, S, 3) of the pictures that could be opened; ``kept`` (n,) are their positions."""

    pixels: Pixels
    kept: list[int]
    problems: tuple[Problem, ...]


def ingest(
    sources: Sequence[Source], geometry: Geometry, progress: Callable[[int, int], None] | None = None
) -> Decoded:
    """Return the decoded pictures, from the cache where they were decoded before.

    Raises ``BadDatasetError`` where no picture can be opened, ``StorageError`` where the cache cannot be written.
    """
    folder = cache_folder("images") / _key(sources, geometry)
    if not (folder / "index.json").exists():
        make_folder(folder.parent)
        with storage_errors(folder):
            folder = _decode_all(sources, geometry, folder, progress)
        _forget_oldest(folder.parent)
    with storage_errors(folder):
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        _touch(folder)
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")[: len(index["kept"])]
    problems = tuple(Problem(**problem) for problem in index["problems"])
    if not index["kept"]:
        raise BadDatasetError(f"None of the {len(sources)} pictures can be opened; the first: {problems[0].problem}")
    return Decoded(pixels, index["kept"], problems)


def _key(sources: Sequence[Source], geometry: Geometry) -> str:
    digest = hashlib.sha256(json.dumps([_FORMAT, asdict(geometry)]).encode())
    for source in sources:
        digest.update(f"{source.stamp}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:24]


def _decode_all(
    sources: Sequence[Source], geometry: Geometry, folder: Path, progress: Callable[[int, int], None] | None
) -> Path:
    """Decode into a folder of its own, which takes its final name only when it is whole; return where it is.

    Where a file could not even be read (a permission, a network drive), the result gets a name that is not found
    again, so that the next opening tries anew.
    """
    partial_folder = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial_folder.mkdir()
    try:
        kept, problems, is_complete = _fill(sources, geometry, partial_folder / "pixels.npy", progress)
        index = {"kept": kept, "problems": [asdict(problem) for problem in problems]}
        (partial_folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
        final = folder if is_complete else folder.with_name(f"{folder.name}-{uuid.uuid4().hex}")
        try:
            partial_folder.rename(final)
        except OSError:
            if not final.exists():  # else another process stored the same meanwhile
                raise
        return final
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)


def _fill(
    sources: Sequence[Source], geometry: Geometry, path: Path, progress: Callable[[int, int], None] | None
) -> tuple[list[int], list[Problem], bool]:
    """Decode in threads (Pillow decodes outside the interpreter lock); unreadable pictures leave no row.

    Returns the kept positions, the problems, and whether every file could at least be read.
    """
    shape = (len(sources), geometry.size, geometry.size, 3)
    # Written out in full first, so that a full disk is an error here and not a crash when a mapped page is touched.
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(np.empty((0, *shape[1:]), np.uint8)) | {"shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        _reserve(file.fileno(), file.tell() + int(np.prod(shape)))
    pixels = open_memmap(path, mode="r+")
    kept: list[int] = []
    problems: list[Problem] = []

    unread: list[str] = []

    def decode(source: Source) -> tuple[Pixels | None, Problem | None]:
        try:
            image, oddity = source.open()
        except BadPictureError as error:
            return None, Problem(source.name, str(error), "left out")
        except OSError as error:
            unread.append(source.name)
            return None, Problem(source.name, f"cannot be read: {error.strerror or error}", "left out")
        square = fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction)
        return square, Problem(source.name, oddity, "kept") if oddity else None

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for at, (square, problem) in enumerate(pool.map(decode, sources)):
            if square is not None:
                pixels[len(kept)] = square
                kept.append(at)
            if problem:
                problems.append(problem)
            if progress:
                progress(at + 1, len(sources))
    pixels.flush()
    return kept, problems, not unread


def _reserve(descriptor: int, size: int) -> None:
    """Claim the disk space of a file now, where the system can."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def _touch(folder: Path) -> None:
    """Note the use for the least-recently-used order; a read-only cache still serves."""
    try:
        os.utime(folder)
    except OSError:
        return


def _forget_oldest(parent: Path) -> None:
    """Remove the least recently used targets, and what a killed process left half done a day ago."""
    folders = sorted(parent.iterdir(), key=_last_use)
    whole = [folder for folder in folders if not folder.name.startswith(".")]
    stale = [folder for folder in folders if folder.name.startswith(".") and time.time() - _last_use(folder) > _DAY_S]
    for folder in [*whole[:-_KEEP], *stale]:
        shutil.rmtree(folder, ignore_errors=True)


def _last_use(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another process has just removed it
        return 0.0
