"""Decode every picture once into a uint8 array on disk, keyed by the files' identity and the geometry.

What was decoded before with the same geometry is copied: a changed, added or removed file costs that file alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
from PIL import Image

from tlviz.cores import usable_cores
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.pictures import Fit, Pixels, fit_picture, open_picture
from tlviz.data.pixels.pixel_cache import Entry, Index, Known, digest, find_known, forget_oldest, remove, touch
from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.ranges import NOT_DEEP, Settled, known_settled, settle
from tlviz.errors import BadDatasetError, BadPictureError
from tlviz.home import cache_folder, make_folder, storage_errors
from tlviz.medium import Medium

_FORMAT = 2
_TOGETHER = 8
"""Pictures that one thread decodes at a time."""
_SYNC_BYTES = 32 * 2**20
"""The disk is asked to keep up each time this much was written: waiting only at the end takes a tenth longer."""
_AHEAD_BYTES = 256 * 2**20
"""Decoded pictures wait in memory for their turn to be written, this much at most."""

Opener = Callable[[], tuple[Image.Image, str | None]]
Progress = Callable[[int, int], None]


class Preprocessed(Protocol):
    """What weights say of the pictures they want: side in pixels, interpolation and the crop's share of the side."""

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def interpolation(self) -> str: ...  # noqa: D102
    @property
    def crop_fraction(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Geometry:
    """How pictures become square: side in pixels, fit, interpolation and the crop's share of the side.

    ``depth`` is how those of more than 8 bits or three bands become 8-bit colour.
    """

    size: int
    fit: Fit
    interpolation: str
    crop_fraction: float
    depth: Depth = AS_STORED

    @classmethod
    def of(cls, weights: Preprocessed, size: int | None = None, fit: Fit = Fit.PAD, depth: Depth = AS_STORED) -> Self:
        """Return what some weights want, at another side and with another fit where these are given."""
        return cls(weights.size if size is None else size, fit, weights.interpolation, weights.crop_fraction, depth)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a geometry from its fields; others are ignored.  Raises ``KeyError`` and ``ValueError``."""
        return cls(
            int(values["size"]),
            Fit(values["fit"]),
            str(values["interpolation"]),
            float(values["crop_fraction"]),
            Depth.from_json(values.get("depth") or {}),
        )

    @property
    def medium(self) -> Medium:
        """What is brought into this form."""
        return Medium.PICTURES

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values; without deep pictures they are those of earlier versions."""
        values = asdict(self) | {"depth": self.depth.to_json()}
        return values if values["depth"] else {name: value for name, value in values.items() if name != "depth"}


@dataclass(frozen=True, slots=True)
class Source:
    """One picture to decode: its name for messages, a stamp that changes with its content, and how to open it.

    ``path`` is its file, None where it is inside a larger one: then it has 8 bits.
    """

    name: str
    stamp: str
    open: Opener
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """``pixels`` uint8 (n, S, S, 3) of the pictures that could be opened; ``kept`` (n,) are their positions.

    ``settled`` is how deep ones among them were brought to 8 bits.
    """

    pixels: Pixels
    kept: list[int]
    problems: tuple[Problem, ...]
    settled: Settled = NOT_DEEP


@dataclass(frozen=True, slots=True)
class _Result:
    """One picture: uint8 (S, S, 3) or None, its oddity as (problem, action), and whether its file could be read."""

    square: Pixels | None
    note: tuple[str, str] | None
    was_read: bool = True


def ingest(
    sources: Sequence[Source], geometry: Geometry, progress: Progress | None = None, *, find_range: bool = True
) -> Decoded:
    """Return the decoded pictures, from the cache where they were decoded before.

    ``find_range`` False takes the geometry's word for how deep pictures become 8 bits, as an earlier run has it.
    An exception that ``progress`` raises ends the decoding and leaves nothing behind.  Raises ``BadDatasetError`` where
    no picture can be opened, ``StorageError`` where the cache cannot be written.
    """
    digests = [digest(source.stamp) for source in sources]
    settled = Settled(geometry.depth)
    if find_range:
        settled = settle([source.path for source in sources], digests, geometry.depth)
    geometry = replace(geometry, depth=settled.depth)
    prefix, folder = _place(digests, geometry)
    if not Entry(folder).is_current():
        make_folder(folder.parent)
        known = find_known(folder.parent, prefix, digests)
        with storage_errors(folder):
            if folder.exists():
                remove(folder)
            folder = _decode_all(sources, digests, known, geometry, folder, progress)
            forget_oldest(folder.parent)
    with storage_errors(folder):
        entry = Entry(folder)
        index = entry.index()
        touch(folder)
        pixels = entry.pixels()[: len(index.kept)]
    problems = tuple(Problem(sources[at].name, problem, action) for at, problem, action in index.notes)
    if not index.kept:
        raise BadDatasetError(f"None of the {len(sources)} pictures can be opened; the first: {problems[0].problem}")
    return Decoded(pixels, index.kept, problems, settled)


def is_ingested(sources: Sequence[Source], geometry: Geometry) -> bool:
    """Return whether these pictures are in the cache as they are now."""
    digests = [digest(source.stamp) for source in sources]
    settled = known_settled(digests, geometry.depth)
    return settled is not None and Entry(_place(digests, replace(geometry, depth=settled.depth))[1]).is_current()


def _place(digests: Sequence[bytes], geometry: Geometry) -> tuple[str, Path]:
    """Return the fingerprint of a geometry, and the folder of pictures decoded for it."""
    prefix = hashlib.sha256(json.dumps([_FORMAT, geometry.to_json()]).encode()).hexdigest()[:8]
    return prefix, cache_folder("images") / f"{prefix}-{hashlib.sha256(b''.join(digests)).hexdigest()[:24]}"


def _decode_all(
    sources: Sequence[Source],
    digests: Sequence[bytes],
    known: dict[bytes, Known],
    geometry: Geometry,
    folder: Path,
    progress: Progress | None,
) -> Path:
    """Decode into a folder of its own, which takes its final name only when it is complete; return where it is.

    Where a file could not even be read (a permission, a network drive), the result gets a name that is not found
    again, so that the next opening tries again.
    """
    partial_folder = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial_folder.mkdir()
    try:
        earlier = [known.get(name) for name in digests]
        index = _fill(sources, earlier, geometry, partial_folder / "pixels.npy", progress)
        (partial_folder / "digests.bin").write_bytes(b"".join(digests))
        (partial_folder / "index.json").write_text(index.to_json(), encoding="utf-8")
        final = folder.with_name(f"{folder.name}-{uuid.uuid4().hex}") if index.unread else folder
        try:
            partial_folder.rename(final)
        except OSError:
            if not final.exists():  # else another process stored the same meanwhile
                raise
        return final
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)


def _fill(
    sources: Sequence[Source],
    earlier: Sequence[Known | None],
    geometry: Geometry,
    path: Path,
    progress: Progress | None,
) -> Index:
    """Write the rows in order, from an earlier entry or decoded now; unreadable pictures leave none.

    They are written, not mapped: a full disk is an error then and not a crash, and nothing stays in this process.
    """
    index = Index([], [], [])
    shape = (len(sources), geometry.size, geometry.size, 3)
    with path.open("w+b") as file, _Syncing(file) as syncing, closing(_results(sources, earlier, geometry)) as results:
        header = np.lib.format.header_data_from_array_1_0(np.empty((0, *shape[1:]), np.uint8)) | {"shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        _reserve(file.fileno(), file.tell() + int(np.prod(shape)))
        for at, result in enumerate(results):
            if result.square is not None:
                syncing.wrote(file.write(np.ascontiguousarray(result.square).data))
                index.kept.append(at)
            if result.note:
                index.notes.append((at, *result.note))
            if not result.was_read:
                index.unread.append(at)
            if progress:
                progress(at + 1, len(sources))
        syncing.finish()
    return index


class _Syncing:
    """Brings a file's bytes to the disk while more are written, so that a power failure leaves no empty rows."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future[None] | None = None
        self._unsynced = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True)

    def wrote(self, count: int) -> None:
        """Count written bytes.  Raises ``OSError`` where an earlier part did not reach the disk."""
        self._unsynced += count
        if self._unsynced >= _SYNC_BYTES and (self._last is None or self._last.done()):
            self._collect()
            self._last = self._thread.submit(os.fsync, self._file.fileno())
            self._unsynced = 0

    def finish(self) -> None:
        """Wait until everything is on the disk."""
        self._collect()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _collect(self) -> None:
        if self._last is not None:
            self._last.result()


def _results(
    sources: Sequence[Source], earlier: Sequence[Known | None], geometry: Geometry
) -> Generator[_Result, None, None]:
    """Give each picture's result in order; what is not known yet is decoded ahead, in threads."""
    workers = usable_cores()
    to_decode = [source for source, known in zip(sources, earlier, strict=True) if known is None]
    batches = [to_decode[at : at + _TOGETHER] for at in range(0, len(to_decode), _TOGETHER)]
    most = _AHEAD_BYTES // (_TOGETHER * geometry.size**2 * 3)
    with ThreadPoolExecutor(max_workers=workers) as pool:  # Pillow decodes outside the interpreter lock
        waiting: deque[Future[list[_Result]]] = deque()
        ahead = iter(batches)
        ready: deque[_Result] = deque()

        def refill() -> None:
            while len(waiting) < max(workers, min(4 * workers, most)) and (batch := next(ahead, None)) is not None:
                waiting.append(pool.submit(_decode_batch, batch, geometry))

        try:
            refill()
            for known in earlier:
                if known is not None:
                    yield _Result(known.pixels, known.note)
                    continue
                if not ready:
                    ready.extend(waiting.popleft().result())
                    refill()
                yield ready.popleft()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _decode_batch(sources: Sequence[Source], geometry: Geometry) -> list[_Result]:
    return [_decode(source, geometry) for source in sources]


def _decode(source: Source, geometry: Geometry) -> _Result:
    try:
        if source.path is not None and geometry.depth != AS_STORED:
            image, oddity = open_picture(source.path, source.name, geometry.depth)
        else:
            image, oddity = source.open()
    except BadPictureError as error:
        return _Result(None, (str(error), "left out"))
    except OSError as error:
        return _Result(None, (f"cannot be read: {error.strerror or error}", "left out"), was_read=False)
    square = fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction)
    return _Result(square, (oddity, "kept") if oddity else None)


def _reserve(descriptor: int, size: int) -> None:
    """Claim the disk space of a file now, where the system can: better at once than after an hour."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)
