"""Files of ``torch.save``: what they say they hold is checked against their real bytes before a value is read.

Both forms are understood, the ZIP of today and the older stream.
"""

from __future__ import annotations

import io
import mmap
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from tlviz.errors import BadWeightsError
from tlviz.models.pickled import DamagedPickleError, Reading, read_pickle
from tlviz.models.promised import PLAIN_NAMES, Block, Promise, Promises
from tlviz.zip_count import count_entries

MOST_RECORDS = 200_000
_GROWTH, _FREE = 8, 16 * 2**20
"""Weights hardly compress: records may hold this many times the file's bytes, and this many more."""
_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_ZIP = b"PK\x03\x04"
_COUNT = struct.Struct("<q")
_DAMAGE = (
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, OverflowError),
    *(MemoryError, struct.error, zipfile.BadZipFile, zlib.error, pickle.UnpicklingError, SafetensorError),
)
_NOTHING = torch.empty(0, dtype=torch.uint8)
_Place = tuple[int, int]
"""Where a block of the older form begins in the file, and how many bytes it has."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose promises its bytes can keep.

    ``is_plain`` says that torch's own loader meets nothing in it but plain tensors, text and numbers.  ``places`` are
    the blocks of the older form; where it is None, ``folder`` is what the names in the ZIP begin with.
    """

    path: Path
    reading: Reading
    is_plain: bool
    places: Mapping[str, _Place] | None
    folder: str = ""


def open_stored(path: Path) -> StoredFile:
    """Read what a file says it holds, no values.  Raises ``BadWeightsError``."""
    need_file(path)
    with damage(path):
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP)) == _ZIP
        return _open_zip(path) if is_zip else _open_stream(path)


def need_file(path: Path) -> None:
    """Raise ``BadWeightsError`` for a folder, a pipe or a device, which would be waited for or read without end."""
    if path.exists() and not path.is_file():
        raise BadWeightsError(f"The weights {path} cannot be read: this is not a file.")


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Turn what a damaged file makes its readers raise into ``BadWeightsError``."""
    try:
        yield
    except DamagedPickleError as error:
        raise BadWeightsError(f"The weights {path} cannot be read: {error}.") from error
    except _DAMAGE as error:
        raise BadWeightsError(
            f"The weights {path} cannot be read ({first_line(error)}); the file is damaged or not a weights file."
        ) from error


def first_line(error: BaseException) -> str:
    """Return the beginning of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def read_promised(file: StoredFile, wanted: Mapping[str, Promise]) -> dict[str, Tensor]:
    """Read the numbers of plain tensors, and of nothing else in the file.  Raises ``BadWeightsError``."""
    blocks: dict[str, Tensor] = {}
    with damage(file.path), _bytes_of(file) as read:
        found = {}
        for name, promise in wanted.items():
            block = promise.block
            if block is None or promise.dtype is None or promise.odd:
                raise BadWeightsError(f"The checkpoint {file.path} cannot be used: '{name}' is {promise.odd}.")
            if block.key not in blocks:
                content = read(block)
                blocks[block.key] = torch.frombuffer(content, dtype=torch.uint8) if content else _NOTHING
            numbers = blocks[block.key]
            typed = numbers[: len(numbers) // promise.dtype.itemsize * promise.dtype.itemsize].view(promise.dtype)
            found[name] = torch.as_strided(typed, promise.shape, promise.stride, promise.offset)
        return found


@contextmanager
def _bytes_of(file: StoredFile) -> Iterator[Any]:
    """Give a function that returns the bytes of a block."""
    with file.path.open("rb") as raw:
        if file.places is not None:
            places = file.places

            def from_stream(block: Block) -> bytearray:
                begin, size = places[block.key]
                raw.seek(begin)
                return bytearray(raw.read(size))

            yield from_stream
            return
        with zipfile.ZipFile(raw) as archive:
            names = set(archive.namelist())
            order = f"{file.folder}byteorder"
            if order in names and archive.read(order).strip() != b"little":
                raise BadWeightsError(f"The weights {file.path} were written by a big-endian machine; save them anew.")
            yield lambda block: bytearray(archive.read(f"{file.folder}data/{block.key}"))


def _open_zip(path: Path) -> StoredFile:
    with path.open("rb") as raw:
        if count_entries(raw, MOST_RECORDS) > MOST_RECORDS:
            raise BadWeightsError(f"The weights {path} have over {MOST_RECORDS:,} records, which no checkpoint has.")
        with zipfile.ZipFile(raw) as archive:
            infos = archive.infolist()
            sizes = _records(path, infos)
            folder = infos[0].filename.partition("/")[0] + "/" if infos else ""
            _check_kind(path, folder, sizes)
            promises = Promises()
            reading = read_pickle(io.BytesIO(archive.read(f"{folder}data.pkl")), promises)
    for block in promises.blocks.values():
        _check_block(block, sizes.get(f"{folder}data/{block.key}"))
    return StoredFile(path, reading, _is_plain(reading, promises), None, folder)


def _records(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, int]:
    """Return the size of each record, refused where they are a trap: two of a name, or more than the file can hold."""
    sizes = {info.filename: info.file_size for info in infos}
    if len({name.casefold() for name in sizes}) < len(infos):
        raise BadWeightsError(f"The weights {path} hold two records of one name; the file is damaged.")
    real = path.stat().st_size
    if sum(sizes.values()) > _GROWTH * real + _FREE:
        raise BadWeightsError(
            f"The weights {path} have {real / 1e6:,.1f} MB and would grow to {sum(sizes.values()) / 1e6:,.0f} MB, far "
            "more than weights do; save them anew with torch.save."
        )
    return sizes


def _check_kind(path: Path, folder: str, sizes: Mapping[str, int]) -> None:
    if f"{folder}constants.pkl" in sizes or any(name.startswith(f"{folder}code/") for name in sizes):
        raise BadWeightsError(
            f"The file {path} is a TorchScript program, which contains code; save the network's state_dict instead."
        )
    if f"{folder}data.pkl" not in sizes:
        raise BadWeightsError(f"The file {path} is a ZIP, but none that torch.save writes; it holds no weights.")


def _open_stream(path: Path) -> StoredFile:
    with path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if read_pickle(content).content != _MAGIC or read_pickle(content).content != _VERSION:  # type: ignore[arg-type]
            raise DamagedPickleError("it does not begin as files of torch.save do")
        read_pickle(content)  # type: ignore[arg-type]
        promises = Promises()
        reading = read_pickle(content, promises)  # type: ignore[arg-type]
        keys = read_pickle(content).content  # type: ignore[arg-type]
        if not isinstance(keys, list) or len(keys) > MOST_RECORDS:
            raise DamagedPickleError("its list of storages is damaged")
        places = _places(content, list(map(str, keys)), promises)
    for block in promises.blocks.values():
        _check_block(block, places[block.key][1] if block.key in places else None)
    return StoredFile(path, reading, _is_plain(reading, promises), places)


def _places(content: mmap.mmap, keys: list[str], promises: Promises) -> dict[str, _Place]:
    """Find each block behind the pickles: its number of numbers in eight bytes, then these."""
    places = {}
    for key in keys:
        block = promises.blocks.get(key)
        if block is None:
            raise DamagedPickleError("it holds numbers of no tensor")
        (count,) = _COUNT.unpack(content.read(_COUNT.size))
        size = count * block.dtype.itemsize
        begin = content.tell()
        if not 0 <= size <= len(content) - begin:
            raise DamagedPickleError("it is cut off, or promises more numbers than it has")
        places[key] = (begin, size)
        content.seek(begin + size)
    return places


def _check_block(block: Block, real: int | None) -> None:
    if real is None or real < block.size:
        raise DamagedPickleError(
            f"it promises {block.size:,} bytes for a tensor and holds {real or 0:,}; it is cut off or a trap"
        )


def _is_plain(reading: Reading, promises: Promises) -> bool:
    is_odd = reading.has_odd_keys or any(promise.odd for promise in promises.found)
    return reading.names <= PLAIN_NAMES and not is_odd
