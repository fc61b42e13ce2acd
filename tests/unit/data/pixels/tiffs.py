"""TIFF files written by hand, so that every kind of value, order, packing and predictor can be tried."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def tiff(
    values: NDArray[Any],
    *,
    order: str = "<",
    photometric: int | None = None,
    compression: int = 1,
    predictor: int = 1,
    planar: bool = False,
    tile: int = 0,
    rows: int = 0,
    bits: int = 0,
    extra: Sequence[int] = (),
    no_data: str | None = None,
    orientation: int = 1,
    more: Sequence[tuple[int, int, int, bytes]] = (),
) -> bytes:
    """Write values (H, W) or (H, W, bands) as one TIFF file; ``bits`` packs unsigned values more closely."""
    values = values if values.ndim == 3 else values[..., None]
    height, width, bands = values.shape
    bits = bits or values.dtype.itemsize * 8
    across, down = (tile, tile) if tile else (width, rows or height)
    planes = [values[..., [band]] for band in range(bands)] if planar else [values]
    parts = []
    for plane in planes:
        for top in range(0, height, down):
            for left in range(0, width, across):
                block = plane[top : top + down, left : left + across]
                if tile:
                    missing = (tile - block.shape[0], tile - block.shape[1])
                    block = np.pad(block, ((0, missing[0]), (0, missing[1]), (0, 0)))
                parts.append(_packed(block, order, bits, compression, predictor))
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    photometric = (2 if bands == 3 else 1) if photometric is None else photometric
    tags: list[tuple[int, int, Sequence[int] | bytes]] = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * bands), (259, 3, [compression]),
        (262, 3, [photometric]), (274, 3, [orientation]), (277, 3, [bands]), (284, 3, [2 if planar else 1]),
        (317, 3, [predictor]), (339, 3, [kind] * bands),
    ]  # fmt: skip
    tags += [(338, 3, list(extra))] if extra else []
    tags += [(42113, 2, no_data.encode() + b"\0")] if no_data is not None else []
    tags += [(322, 4, [tile]), (323, 4, [tile])] if tile else [(278, 4, [down])]
    offsets, at = [], 8
    for part in parts:
        offsets.append(at)
        at += len(part) + len(part) % 2
    tags += [(324 if tile else 273, 4, offsets), (325 if tile else 279, 4, [len(part) for part in parts])]
    body = b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    return _file(body, sorted(tags, key=lambda tag: tag[0]), order)


def _packed(block: NDArray[Any], order: str, bits: int, compression: int, predictor: int) -> bytes:
    dtype = block.dtype.newbyteorder(order)
    if predictor == 2:
        whole = block.view(f"u{block.dtype.itemsize}")
        block = np.concatenate([whole[:, :1], np.diff(whole, axis=1)], axis=1)
        dtype = block.dtype.newbyteorder(order)
    if predictor == 3:
        height, width, bands = block.shape
        rows = block.astype(block.dtype.newbyteorder(">")).view(np.uint8).reshape(height, width * bands, -1)
        rows = rows.transpose(0, 2, 1).reshape(height, -1, bands)
        raw = np.concatenate([rows[:, :1], np.diff(rows, axis=1)], axis=1).astype(np.uint8).tobytes()
        rowbytes = rows.shape[1] * bands
    elif bits != block.dtype.itemsize * 8:
        flat = block.reshape(len(block), -1).astype(np.int64)
        ones = ((flat[..., None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).reshape(len(block), -1)
        packed = np.packbits(ones, axis=1)
        raw, rowbytes = packed.tobytes(), packed.shape[1]
    else:
        raw, rowbytes = block.astype(dtype).tobytes(), block.dtype.itemsize * block[0].size
    if compression == 8:
        return zlib.compress(raw)
    return raw if compression == 1 else _by_pillow(raw, rowbytes, compression)


def _by_pillow(raw: bytes, rowbytes: int, compression: int) -> bytes:
    """Let libtiff pack bytes as one strip, and take it out of the file."""
    name = {5: "tiff_lzw", 32773: "packbits", 50000: "zstd", 34925: "lzma"}[compression]
    image = Image.frombytes("L", (rowbytes, len(raw) // rowbytes), raw)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression=name, tiffinfo={278: image.height})
    with Image.open(buffer) as again:
        offset, count = again.tag_v2[273][0], again.tag_v2[279][0]  # type: ignore[attr-defined]
    return buffer.getvalue()[offset : offset + count]


def _file(body: bytes, tags: Sequence[tuple[int, int, Sequence[int] | bytes]], order: str) -> bytes:
    body += b"\0" * (len(body) % 2)
    start = 8 + len(body)
    spill, entries = b"", b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, kind, values in tags:
        data = (
            values
            if isinstance(values, bytes)
            else struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        )
        count = len(values)
        if len(data) > 4:
            field = struct.pack(f"{order}I", after + len(spill))
            spill += data + b"\0" * (len(data) % 2)
        else:
            field = data.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, kind, count) + field
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(f"{order}HI", 42, start)
    return head + body + struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", 0) + spill
