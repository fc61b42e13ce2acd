"""PNG files of 16-bit colour, which Pillow opens with 8 bits, and portable any-maps of any range."""

from __future__ import annotations

import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlviz.data.pixels.deep import Deep

_NETPBM = re.compile(
    rb"P([2356])(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})\s"
)
_LOW_BYTES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_KINDS = {0: 1, 2: 3, 4: 2, 6: 4}


def png_is_deep(head: bytes) -> bool:
    """Return whether a PNG file has 16 bits a value, by its first 26 bytes."""
    return head[24:25] == b"\x10" and head[25:26] in {b"\0", b"\2", b"\4", b"\6"}


def is_grey_png(head: bytes) -> bool:
    """Return whether a PNG file is grey and no more, which Pillow reads in full."""
    return head[25:26] == b"\0"


def read_png(image: Image.Image, again: Image.Image) -> Deep:
    """Read a PNG file of 16-bit colour that was opened twice, and not yet decoded.

    Pillow keeps the upper byte of each value; told that the bytes are in the other order, it keeps the lower one.
    Raises what decoding raises.
    """
    mode, raw = image.mode, _raw(image)
    if raw == "LA;16B":
        pairs = _as_bytes(image, "RGBA", "RGBA")  # two values of 2 bytes are four of 1
        values = pairs[..., 0].astype(np.uint16) << 8 | pairs[..., 1]
        return Deep(values, (0.0, 65535.0), np.ascontiguousarray(pairs[..., 2]))
    if raw not in _LOW_BYTES:
        image.load()
        return Deep(np.asarray(image), (0.0, 255.0))
    transparent = image.info.get("transparency")
    high = _as_bytes(image, mode, raw)
    values = high[..., :3].astype(np.uint16)
    alpha = np.ascontiguousarray(high[..., 3]) if mode == "RGBA" else None
    del high
    values <<= 8
    values |= _as_bytes(again, mode, _LOW_BYTES[raw])[..., :3]
    if isinstance(transparent, tuple) and len(transparent) == 3:
        alpha = np.where((values == np.array(transparent, np.uint16)).all(-1), np.uint8(0), np.uint8(255))
    return Deep(values, (0.0, 65535.0), alpha, bands=3)


def netpbm_header(content: bytes) -> tuple[int, int, int, int, int] | None:
    """Return bands, width, height, the highest value and where the values begin of an any-map of numbers, else None."""
    found = _NETPBM.match(content[:4096])
    if found is None:
        return None
    kind, width, height, highest = (int(group) for group in found.groups())
    return (1 if kind in {2, 5} else 3), width, height, highest, found.end()


def read_netpbm(content: bytes, header: tuple[int, int, int, int, int]) -> tuple[Deep, bool]:
    """Read a binary any-map; the second value says whether the file ends too soon.  Raises ``ValueError``."""
    bands, width, height, highest, start = header
    if not (width and height and 0 < highest < 65536):
        raise ValueError("its header is damaged")
    dtype = np.dtype(np.uint8 if highest < 256 else ">u2")
    count = width * height * bands
    held = content[start : start + count * dtype.itemsize]
    values = np.zeros(count, dtype.newbyteorder("="))
    whole = len(held) // dtype.itemsize
    values[:whole] = np.frombuffer(held[: whole * dtype.itemsize], dtype)
    shape = (height, width) if bands == 1 else (height, width, 3)
    return Deep(values.reshape(shape), (0.0, float(highest)), bands=bands), whole < count


def _raw(image: Image.Image) -> str:
    tile = getattr(image, "tile", ())
    return str(tile[0][3]) if tile else ""


def _as_bytes(image: Image.Image, mode: str, raw: str) -> NDArray[np.uint8]:
    """Decode a picture that is not yet loaded as if its file held these bytes."""
    image._mode = mode
    image.tile = [tile._replace(args=raw) for tile in image.tile]  # type: ignore[attr-defined]
    image.load()
    return np.asarray(image)


def reopened(content: bytes) -> Image.Image:
    """Open a PNG file without decoding it."""
    return Image.open(io.BytesIO(content), formats=("PNG",))
