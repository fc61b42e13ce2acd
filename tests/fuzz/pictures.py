"""Picture files of every format, whole, damaged and made to hang or to fill memory: one for each seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.heic import HEIC
from tests.painted import paint
from tests.unit.data.pixels.tiffs import tiff


def picture(seed: int) -> bytes:
    """Return the content of a picture file, most of them damaged in one to four ways."""
    generator = random.Random(seed)
    content = generator.choice(_whole())
    for _ in range(generator.choice((0, 1, 1, 1, 2, 4))):
        content = generator.choice(_DAMAGES)(content, generator)
    return content


@cache
def _whole() -> tuple[bytes, ...]:
    colour = paint(1, 40, 24)
    palette = colour.quantize(16)
    modes = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr", "LAB", "HSV")
    pictures = {mode: palette if mode == "P" else _in_mode(colour, mode) for mode in modes}
    kinds = {
        "PNG": "1 L LA P RGB RGBA I;16", "JPEG": "L RGB CMYK", "BMP": "1 L P RGB", "GIF": "L P", "WEBP": "RGB RGBA",
        "AVIF": "RGB RGBA", "JPEG2000": "L LA RGB RGBA I;16", "PPM": "1 L RGB F", "DIB": "RGB",
        "TIFF": "1 L LA P RGB RGBA I;16 I F CMYK YCbCr LAB",
    }  # fmt: skip
    found = [_saved(pictures[mode], kind) for kind, modes in kinds.items() for mode in modes.split()]
    for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "zstd"):
        found.append(_saved(pictures["1" if name == "group4" else "RGB"], "TIFF", compression=name))
    frames = [paint(at, 40, 24) for at in range(3)]
    found += [
        _saved(frames[0], kind, save_all=True, append_images=frames[1:]) for kind in ("GIF", "WEBP", "PNG", "TIFF")
    ]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    found += [_saved(colour, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    numbers = np.asarray(colour).astype(np.uint16) * 16
    for kind in ("u1", "u2", "i2", "i4", "f4", "f8"):
        for layout in ({}, {"planar": True, "compression": 8}, {"tile": 16, "compression": 5}):
            found.append(tiff(np.dstack([numbers] * 2).astype(kind), no_data="-9999", **layout))
    found += [
        tiff(numbers[..., 0], bits=12),
        tiff(numbers[..., 0], photometric=0),
        tiff(numbers, order=">", predictor=2),
    ]
    found += [
        _deep_png(numbers, 2),
        _deep_png(numbers[..., :2], 4),
        _deep_png(np.dstack([numbers, numbers[..., 0]]), 6),
    ]
    found += [f"P{kind} 40 24 4095\n".encode() + numbers.astype(">u2").tobytes() for kind in (5, 6)]
    found += [b"P2 3 2 9\n1 2 3 4 5 6\n", b"P3 1 1 255 1 2 3", b"P1 3 1 1 0 1", b"Pf 2 1 -1.0\n" + bytes(8), HEIC]
    found += [_no_palette(), b"", b"II*\0", b"\xff\xd8\xff", b"BM" + bytes(60)]
    return tuple(found)


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert("L").convert(mode) if mode in {"I", "F"} else image.convert(mode)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, *others: bytes) -> bytes:
    """Return a PNG file of rows as they are packed, with other parts before them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(others) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def _deep_png(values: np.ndarray, colour: int) -> bytes:
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png(values.shape[1], values.shape[0], 16, colour, rows)


def _no_palette() -> bytes:
    return png(8, 8, 8, 3, (b"\0" + bytes(8)) * 8)


def _cut(content: bytes, generator: random.Random) -> bytes:
    return content[: generator.randint(0, len(content))]


def _bits(content: bytes, generator: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(generator.choice((1, 1, 2, 8, 40)) if changed else 0):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _in_head(content: bytes, generator: random.Random) -> bytes:
    """Change bytes of the first hundred: kinds, sizes, depths."""
    changed = bytearray(content)
    for _ in range(generator.choice((1, 2, 4)) if changed else 0):
        changed[generator.randrange(min(100, len(changed)))] = generator.choice((0, 1, 2, 16, 127, 128, 255))
    return bytes(changed)


def _number(content: bytes, generator: random.Random) -> bytes:
    """Write an extreme number over four bytes anywhere."""
    at = generator.randrange(max(1, len(content) - 4))
    number = generator.choice((0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 20_000, len(content)))
    return content[:at] + struct.pack(generator.choice("<>") + "I", number) + content[at + 4 :]


def _tail(content: bytes, generator: random.Random) -> bytes:
    """Change bytes of the last three hundred: where a TIFF file has its directory."""
    cut = max(0, len(content) - 300)
    return content[:cut] + _bits(content[cut:], generator)


def _blank(content: bytes, generator: random.Random) -> bytes:
    at = generator.randrange(max(1, len(content)))
    count = generator.randint(1, 200)
    return content[:at] + generator.choice((b"\0", b"\xff")) * count + content[at + count :]


def _insert(content: bytes, generator: random.Random) -> bytes:
    at = generator.randint(0, len(content))
    return content[:at] + generator.randbytes(generator.randint(1, 30)) + content[at:]


def _join(content: bytes, generator: random.Random) -> bytes:
    other = generator.choice(_whole())
    return content[: generator.randint(0, len(content))] + other[generator.randint(0, len(other)) :]


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _bits, _bits, _in_head, _in_head, _number, _tail, _tail, _blank, _insert, _join,
)  # fmt: skip
