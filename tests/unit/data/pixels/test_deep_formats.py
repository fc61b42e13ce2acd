"""16-bit PNG files and any-maps give all the bits that they hold."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.heic import HEIC
from tlviz.data.pixels.pictures import decode_picture, open_picture

VALUES = np.random.default_rng(0).integers(0, 65536, (9, 7, 4), dtype=np.uint16)


def png16(values: np.ndarray, colour: int, *others: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in values))
    parts = (chunk(b"IHDR", header), *others, chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("colour", "bands"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_a_png_file_of_16_bits_keeps_them_all(colour: int, bands: int) -> None:
    values = VALUES[..., :bands]
    deep = decode_picture(png16(values, colour), "x").deep
    assert deep is not None
    wanted = values[..., 0] if bands < 3 else values[..., :3]
    assert np.array_equal(deep.values, wanted)
    assert (deep.alpha is not None) is (bands in {2, 4})


def test_a_transparent_colour_of_16_bits_becomes_white() -> None:
    clear = struct.pack(">HHH", *VALUES[0, 0, :3])
    chunk = struct.pack(">I", 6) + b"tRNS" + clear + struct.pack(">I", zlib.crc32(b"tRNS" + clear))
    image, _ = open_picture(png16(VALUES[..., :3], 2, chunk))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((1, 0)) != (255, 255, 255)


@pytest.mark.parametrize("highest", [1, 100, 255, 256, 4095, 65535])
@pytest.mark.parametrize("kind", [5, 6])
def test_an_any_map_is_scaled_by_the_range_that_it_names(highest: int, kind: int) -> None:
    values = np.array([0, highest] * 6, np.uint8 if highest < 256 else ">u2")
    shape = "12 1" if kind == 5 else "4 1"
    content = f"P{kind}\n# a note\n{shape}\n{highest}\n".encode() + values.tobytes()
    assert np.asarray(open_picture(content)[0].convert("RGB")).reshape(-1)[:2].tolist() in ([0, 255], [0, 0])
    assert open_picture(content)[0].getextrema()[0] == (0, 255)


def test_an_any_map_cut_off_is_truncated() -> None:
    content = b"P5 4 4 4095\n" + bytes(10)
    assert open_picture(content)[1] == "truncated; decoded as far as it goes"


@pytest.mark.parametrize("kind", ["HEIC", "AVIF", "JPEG2000"])
def test_pictures_of_phones_and_newer_formats_are_read(kind: str) -> None:
    image = Image.new("RGB", (40, 24), "red")
    image.paste((0, 0, 255), (20, 0, 40, 24))
    buffer = io.BytesIO()
    content = HEIC
    if kind != "HEIC":
        image.save(buffer, kind)
        content = buffer.getvalue()
    found, oddity = open_picture(content)
    assert oddity is None
    assert found.size == (40, 24)
    assert np.abs(np.asarray(found).astype(int) - np.asarray(image).astype(int)).mean() < 12
