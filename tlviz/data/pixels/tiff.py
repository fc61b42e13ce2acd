"""TIFF files that Pillow refuses or misreads: over 8 bits a value, floats, signed numbers, any number of bands.

What is compressed is unpacked by libtiff, through Pillow, one strip or tile at a time; only what the bytes stand for is
read here (TIFF 6.0, Adobe 1992; the predictors of its supplements; GDAL's tag for no data).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from tlviz.data.pixels.deep import Deep
from tlviz.data.pixels.depth import Depth
from tlviz.errors import BadPictureError, TooLargeError

MAX_BYTES = 2**30
"""More than this is not unpacked."""
_CODECS = {1: "", 5: "LZW", 8: "deflate", 32946: "deflate", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard"}
_NO_DATA = 42113
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
_MOST_SEGMENTS = 2**20
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, OverflowError)

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Page:
    """The first picture of a TIFF file as its directory has it; ``tile`` is (width, height) of a strip or tile."""

    width: int
    height: int
    samples: int
    bits: tuple[int, ...]
    kind: int
    photometric: int
    compression: int
    predictor: int
    is_planar: bool
    tile: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    extra: tuple[int, ...]
    order: Literal["<", ">"]
    fill_order: int
    orientation: int
    no_data: float | None
    is_animated: bool


def read_page(file: BinaryIO) -> Page | None:
    """Read what a file's first directory says, None where it is damaged or lacks what every picture has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _page(file)
        except _DAMAGE:
            return None


def is_deep(page: Page, depth: Depth) -> bool:
    """Return whether Pillow would refuse a picture or lose some of it, or the person chooses its bands."""
    if page.photometric not in {0, 1, 2} or not page.samples:
        return False
    is_wide = max(page.bits) > 8 or page.kind not in {1, 4}
    is_many = page.samples > 4 or (page.samples > 2 and page.photometric != 2)
    is_many |= page.samples == 2 and not _alpha_at(page)
    return is_wide or is_many or (depth.bands is not None and page.samples > 1)


def read_values(content: bytes, page: Page, depth: Depth, label: str) -> tuple[Deep, bool]:
    """Read the chosen bands; the second value says whether the file ends too soon.

    Raises ``BadPictureError``, ``TooLargeError``, and ``OSError`` or ``ValueError`` where the file is damaged.
    """
    dtype = _dtype(page, label)
    _check(page, label)
    chosen = _bands(page, depth, label)
    alpha_at = _alpha_at(page)
    wanted = [*chosen, *([alpha_at] if alpha_at and alpha_at not in chosen else [])]
    values = np.zeros((page.height, page.width, len(wanted)), dtype)
    is_truncated = False
    for left, top, bands, block in _blocks(content, page, dtype, set(wanted)):
        if block is None:
            is_truncated = True
            continue
        height, width = min(block.shape[0], page.height - top), min(block.shape[1], page.width - left)
        for place, band in enumerate(wanted):
            if band in bands:
                values[top : top + height, left : left + width, place] = block[:height, :width, bands.index(band)]
        is_truncated |= block.shape[0] < min(page.tile[1], page.height - top)
    full = None
    if dtype.kind == "u" and dtype.itemsize <= 2:
        full = (0.0, float(2 ** page.bits[0] - 1))
    alpha = None
    if alpha_at:
        top_value = full[1] if full else 1.0
        alpha = (np.clip(values[..., -1] / top_value, 0, 1) * 255).astype(np.uint8)
    colour = values[..., 0] if len(chosen) == 1 else values[..., :3]
    return Deep(colour, full, alpha, page.no_data, page.photometric == 0, page.samples), is_truncated


def band_words(page: Page, depth: Depth) -> str | None:
    """Say which bands of several are used, where the file does not say it itself."""
    used = page.samples - bool(_alpha_at(page))
    if depth.bands is not None:
        return None
    if page.photometric == 2 and used == 3:
        return None
    if used == 2:
        return "2 bands; the first is used as grey"
    return f"{used} bands; the first three are used as red, green and blue" if used > 2 else None


def _page(file: BinaryIO) -> Page | None:
    start = file.read(16)
    header = start[: 16 if start[2:4] in {b"+\0", b"\0+"} else 8]
    directory = Directory(header)
    file.seek(directory.next)
    directory.load(file)
    samples = _one(directory, 277, 1)
    bits = _many(directory, 258) or (1,)
    bits = bits if len(bits) == samples else bits[:1] * min(samples, 2**16)
    width, height = _one(directory, 256, 0), _one(directory, 257, 0)
    is_tiled = 324 in directory or 322 in directory
    tile = (_one(directory, 322, 0), _one(directory, 323, 0)) if is_tiled else (width, _one(directory, 278, height))
    page = Page(
        width, height, samples, bits, (_many(directory, 339) or (1,))[0], _one(directory, 262, 1),
        _one(directory, 259, 1), _one(directory, 317, 1), _one(directory, 284, 1) == 2,
        (tile[0], min(tile[1], height) if not is_tiled else tile[1]),
        _many(directory, 324 if is_tiled else 273), _many(directory, 325 if is_tiled else 279), _many(directory, 338),
        "<" if start[:2] == b"II" else ">", _one(directory, 266, 1), _one(directory, 274, 1),
        _number(directory.get(_NO_DATA)), _has_more(file, header, directory.next),
    )  # fmt: skip
    is_whole = width > 0 and height > 0 and 0 < samples < 2**16 and min(page.tile) > 0 and page.offsets
    return page if is_whole else None


def _has_more(file: BinaryIO, header: bytes, at: int) -> bool:
    """Return whether another picture follows that is no smaller copy or mask of the first."""
    if not at:
        return False
    following = Directory(header)
    try:
        file.seek(at)
        following.load(file)
        return not _one(following, 254, 0) & 5
    except _DAMAGE:
        return False


def _one(directory: Directory, tag: int, default: int) -> int:
    value = directory.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _many(directory: Directory, tag: int) -> tuple[int, ...]:
    value = directory.get(tag, ())
    return tuple(map(int, value)) if isinstance(value, tuple) else (int(value),)


def _number(text: Any) -> float | None:
    try:
        return float(str(text).strip().rstrip("\0")) if text is not None else None
    except ValueError:
        return None


def _dtype(page: Page, label: str) -> np.dtype[Any]:
    """Return the type that holds a value.  Raises ``BadPictureError`` for kinds of numbers that are no picture."""
    kind, bits = _KINDS.get(page.kind), page.bits[0]
    is_known = (kind == "f" and bits in {16, 32, 64}) or (kind in {"u", "i"} and 1 <= bits <= 32)
    if kind == "i" and bits not in {8, 16, 32}:
        is_known = False
    if not is_known or len(set(page.bits)) > 1:
        what = (
            "complex numbers"
            if page.kind in {5, 6}
            else f"values of {', '.join(map(str, sorted(set(page.bits))))} bits"
        )
        raise BadPictureError(f"{label} holds {what}, which cannot be read; save it with 8 or 16 bits a value.")
    size = max(1, 1 << (bits - 1).bit_length() >> 3)
    return np.dtype(f"{kind}{size}")


def _check(page: Page, label: str) -> None:
    if page.compression not in _CODECS:
        raise BadPictureError(
            f"{label} is packed in a way (TIFF compression {page.compression}) that cannot be read for pictures of "
            f"{page.bits[0]} bits and {page.samples} bands; save it without compression or with deflate."
        )
    across, down = -(-page.width // page.tile[0]), -(-page.height // page.tile[1])
    planes = page.samples if page.is_planar else 1
    each = page.tile[0] * page.tile[1] * max(page.bits[0], 8) // 8 * (1 if page.is_planar else page.samples)
    if across * down * each * planes > MAX_BYTES:
        raise TooLargeError(
            f"{label} is too large ({page.width:,} x {page.height:,} pixels in {page.samples:,} bands of "
            f"{page.bits[0]} bits); scale it down, or keep fewer bands."
        )
    if across * down * planes > _MOST_SEGMENTS:
        raise BadPictureError(f"{label} is damaged and cannot be decoded (too many tiles); replace the file.")


def _bands(page: Page, depth: Depth, label: str) -> list[int]:
    """Return which bands are used, counted from 0: one, or three."""
    used = page.samples - bool(_alpha_at(page))
    if depth.bands is not None and used > 1:
        if max(depth.bands) > page.samples:
            raise BadPictureError(
                f"{label} has {page.samples} bands, so there is no band {max(depth.bands)}; choose others with --bands."
            )
        chosen = [band - 1 for band in depth.bands]
        return chosen[:1] if len(set(chosen)) == 1 else chosen
    return [0, 1, 2] if used > 2 else [0]


def _alpha_at(page: Page) -> int:
    """Return the place of the band that says how opaque a picture is, 0 where there is none."""
    first = page.samples - len(page.extra)
    return next((first + at for at, what in enumerate(page.extra) if what in {1, 2} and first + at > 0), 0)


def _blocks(
    content: bytes, page: Page, dtype: np.dtype[Any], wanted: set[int]
) -> Iterator[tuple[int, int, list[int], NDArray[Any] | None]]:
    """Give each strip or tile: left, top, its bands, and its values (rows, columns, bands), None where they miss."""
    across, down = -(-page.width // page.tile[0]), -(-page.height // page.tile[1])
    every = list(range(page.samples))
    for plane in every if page.is_planar else [0]:
        bands = [plane] if page.is_planar else every
        if page.is_planar and plane not in wanted:
            continue
        for at in range(across * down):
            number = plane * across * down + at
            top, left = at // across * page.tile[1], at % across * page.tile[0]
            rows = page.tile[1] if page.tile[0] != page.width else min(page.tile[1], page.height - top)
            if number >= len(page.offsets):
                yield left, top, bands, None
                continue
            begin = page.offsets[number]
            count = page.counts[number] if number < len(page.counts) else len(content) - begin
            packed = content[begin : begin + max(0, count)]
            row_bytes = -(-page.tile[0] * len(bands) * page.bits[0] // 8)
            plain = _unpack(packed, page, row_bytes, rows)
            whole = len(plain) // row_bytes
            yield left, top, bands, _values(plain[: whole * row_bytes], page, dtype, len(bands)) if whole else None


def _unpack(packed: bytes, page: Page, row_bytes: int, rows: int) -> bytes:
    """Return the bytes of a strip or tile, fewer where the file ends too soon."""
    wanted = row_bytes * rows
    codec = _CODECS[page.compression]
    if not codec:
        return packed[:wanted]
    if codec == "deflate":
        try:
            return zlib.decompressobj().decompress(packed, wanted)
        except zlib.error as error:
            raise OSError(f"a part of it cannot be unpacked: {error}") from error
    try:
        with Image.open(io.BytesIO(_alone(packed, page, row_bytes, rows)), formats=("TIFF",)) as strip:
            return strip.tobytes()
    except (OSError, SyntaxError, ValueError) as error:
        raise OSError(f"a part of it packed by {codec} cannot be unpacked: {error}") from error


def _alone(packed: bytes, page: Page, row_bytes: int, rows: int) -> bytes:
    """Return a TIFF file of one strip that libtiff unpacks as plain bytes."""
    tags = [
        (256, row_bytes), (257, rows), (258, 8), (259, page.compression), (262, 1), (266, page.fill_order),
        (273, 8), (277, 1), (278, rows), (279, len(packed)),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = 8 + len(packed) + len(packed) % 2
    head = struct.pack("<2sHI", b"II", 42, start) + packed + b"\0" * (len(packed) % 2)
    return head + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


def _values(plain: bytes, page: Page, dtype: np.dtype[Any], bands: int) -> NDArray[Any]:
    """Return what the bytes of whole rows stand for: (rows, columns, bands)."""
    columns, bits = page.tile[0], page.bits[0]
    row_bytes = -(-columns * bands * bits // 8)
    raw = np.frombuffer(plain, np.uint8).reshape(-1, row_bytes)
    if page.predictor == 3 and dtype.kind == "f":
        return _floats(raw, bands, dtype).reshape(len(raw), columns, bands)
    if bits == 8 * dtype.itemsize:
        values = raw.view(dtype.newbyteorder(page.order)).reshape(len(raw), columns, bands)
        if page.predictor == 2:
            whole = np.dtype(f"u{dtype.itemsize}")
            sums = values.astype(dtype).view(whole)
            return np.cumsum(sums, axis=1, dtype=whole).view(dtype)
        return values
    return _packed(raw, columns * bands, bits, dtype).reshape(len(raw), columns, bands)


def _floats(raw: Bytes, bands: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo the predictor of floats: differences of bytes, the bytes of a row sorted by their weight."""
    size = dtype.itemsize
    sums = np.cumsum(raw.reshape(len(raw), -1, bands), axis=1, dtype=np.uint8).reshape(len(raw), size, -1)
    return np.ascontiguousarray(sums.transpose(0, 2, 1)).view(dtype.newbyteorder(">"))[..., 0]


def _packed(raw: Bytes, count: int, bits: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return values that are not whole bytes long, a few rows at a time because each bit takes a byte meanwhile."""
    out = np.empty((len(raw), count), dtype)
    weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.int64)
    together = max(1, 2**20 // max(1, count))
    for at in range(0, len(raw), together):
        ones = np.unpackbits(raw[at : at + together], axis=1)[:, : count * bits]
        out[at : at + together] = ones.reshape(len(ones), count, bits) @ weights
    return out
