"""One small picture as many kinds of files: what a camera, a scanner, a drawing program or an archive may hold."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.heic import HEIC


def picture(width: int = 47, height: int = 31) -> NDArray[np.uint8]:
    """Return a picture without symmetry: slopes in each colour, noise, and a corner that stands out."""
    down, across = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(1).integers(0, 60, (height, width, 3))
    colours = np.stack([across * 4, down * 6, (across + down) * 2], -1) + noise
    colours[:9, :14] = (250, 30, 60)
    return colours.clip(0, 255).astype(np.uint8)


def renderings() -> Iterator[tuple[str, str, bytes]]:
    """Yield name, ending and content of each file."""
    rgb = Image.fromarray(picture())
    yield "upright", "png", _saved(rgb, "PNG")
    yield "jpeg", "jpg", _saved(rgb, "JPEG", quality=90)
    yield "progressive", "jpg", _saved(rgb, "JPEG", progressive=True)
    for turn in range(1, 9):
        yield f"exif {turn}", "jpg", _saved(rgb, "JPEG", exif=_turned(turn))
    yield "png exif 6", "png", _saved(rgb, "PNG", exif=_turned(6))
    yield "webp exif 8", "webp", _saved(rgb, "WEBP", lossless=True, exif=_turned(8))
    yield "tiff exif 6", "tif", _saved(rgb, "TIFF", tiffinfo={274: 6})
    yield from _transparent(rgb)
    yield from _grey(rgb)
    yield from _deep(picture())
    yield "cmyk", "jpg", _saved(rgb.convert("CMYK"), "JPEG")
    yield "cmyk tiff", "tif", _saved(rgb.convert("CMYK"), "TIFF")
    yield "lab", "tif", _saved(rgb.convert("LAB"), "TIFF")
    yield "ycbcr", "tif", _saved(rgb.convert("YCbCr"), "TIFF", compression="jpeg")
    yield "tiff lzw", "tif", _saved(rgb, "TIFF", compression="tiff_lzw")
    yield "bmp", "bmp", _saved(rgb, "BMP")
    yield "webp", "webp", _saved(rgb, "WEBP")
    yield "animated", "gif", _saved(rgb, "GIF", save_all=True, append_images=[rgb.rotate(180)])
    yield "animated webp", "webp", _saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)])
    yield "ppm", "ppm", _saved(rgb, "PPM")
    yield "jpeg 2000", "jp2", _saved(rgb, "JPEG2000")
    yield "avif", "avif", _saved(rgb, "AVIF")
    yield "heic", "heic", HEIC
    whole = _saved(rgb.resize((200, 160)), "JPEG", quality=95)
    yield "cut off", "jpg", whole[: len(whole) * 2 // 3]
    yield "wrong ending", "jpg", _saved(rgb, "PNG")


def _transparent(rgb: Image.Image) -> Iterator[tuple[str, str, bytes]]:
    across = np.linspace(0, 255, rgb.width).astype(np.uint8)
    veil = Image.fromarray(np.tile(across, (rgb.height, 1)))
    clear = rgb.copy()
    clear.putalpha(veil)
    yield "transparent", "png", _saved(clear, "PNG")
    yield "transparent exif 5", "png", _saved(clear, "PNG", exif=_turned(5))
    yield "transparent webp", "webp", _saved(clear, "WEBP", lossless=True)
    yield "transparent tiff", "tif", _saved(clear, "TIFF")
    yield "grey transparent", "png", _saved(clear.convert("LA"), "PNG")
    yield "one colour transparent", "png", _saved(rgb, "PNG", transparency=(250, 30, 60))
    yield "one grey transparent", "png", _saved(rgb.convert("L"), "PNG", transparency=99)
    few = rgb.quantize(12)
    yield "palette", "png", _saved(few, "PNG")
    yield "palette transparent", "png", _saved(few, "PNG", transparency=3)
    yield "palette half transparent", "png", _saved(few, "PNG", transparency=bytes(range(0, 240, 20)))
    yield "gif", "gif", _saved(few, "GIF")
    yield "gif transparent", "gif", _saved(few, "GIF", transparency=2)


def _grey(rgb: Image.Image) -> Iterator[tuple[str, str, bytes]]:
    grey = rgb.convert("L")
    yield "grey", "png", _saved(grey, "PNG")
    yield "grey jpeg", "jpg", _saved(grey, "JPEG")
    yield "one bit", "png", _saved(rgb.convert("1"), "PNG")
    yield "one bit tiff", "tif", _saved(rgb.convert("1"), "TIFF", compression="group4")
    yield "one bit pbm", "pbm", _saved(rgb.convert("1"), "PPM")
    yield "pgm", "pgm", _saved(grey, "PPM")
    yield "pgm of 100", "pgm", b"P5 # a remark\n6 5\n100\n" + bytes(range(0, 90, 3))
    yield "ppm of 12 bits", "ppm", b"P6 4 5 4095\n" + (np.arange(60, dtype=">u2") * 65).tobytes()
    yield "pgm as text", "pgm", b"P2 3 2 15\n0 3 6\n9 12 15\n"
    yield "ppm as text", "ppm", b"P3 2 2 1000\n0 300 1000 999 12 500\n1 2 3 500 250 125\n"


def _deep(colours: NDArray[np.uint8]) -> Iterator[tuple[str, str, bytes]]:
    """Yield files of more than 8 bits a value; their lower bytes are not their upper ones."""
    wide = colours.astype(np.uint16) * 201 + np.random.default_rng(2).integers(0, 90, colours.shape).astype(np.uint16)
    grey = np.ascontiguousarray(wide[..., 1])
    alpha = np.broadcast_to(np.linspace(0, 65535, grey.shape[1]).astype(np.uint16), grey.shape)
    yield "grey of 16 bits", "png", _saved(Image.fromarray(grey), "PNG")
    yield "grey of 16 bits exif 6", "png", _saved(Image.fromarray(grey), "PNG", exif=_turned(6))
    yield "grey of 16 bits transparent", "png", _png(grey[..., None], 0, struct.pack(">H", int(grey[3, 3])))
    yield "grey and alpha of 16 bits", "png", _png(np.dstack([grey, alpha]), 4)
    yield "rgb of 16 bits", "png", _png(wide, 2)
    yield "rgb of 16 bits transparent", "png", _png(wide, 2, struct.pack(">3H", *map(int, wide[3, 3])))
    yield "rgba of 16 bits", "png", _png(np.dstack([wide, alpha]), 6)
    yield "grey tiff of 16 bits", "tif", _saved(Image.fromarray(grey), "TIFF")
    yield "grey tiff of 16 bits exif 8", "tif", _saved(Image.fromarray(grey), "TIFF", tiffinfo={274: 8})
    yield "grey tiff of 16 bits packed", "tif", _saved(Image.fromarray(grey), "TIFF", compression="tiff_lzw")
    whole = grey.astype(np.int32) * 7 - 90_000
    yield "whole numbers", "tif", _saved(Image.fromarray(whole), "TIFF")
    missing = whole.copy()
    missing[4:9, 5:20] = -32768 * 40
    yield "whole numbers, none", "tif", _saved(Image.fromarray(missing), "TIFF", tiffinfo={42113: "-1310720"})
    floats = (grey / 65535 * 3 - 1).astype(np.float32)
    yield "floats", "tif", _saved(Image.fromarray(floats), "TIFF")
    floats[2:6, 3:30], floats[9, 9], floats[10, 10] = -9999, np.nan, np.inf
    yield "floats, none", "tif", _saved(Image.fromarray(floats), "TIFF")
    yield "floats pfm", "pfm", b"Pf\n%d %d\n-1.0\n" % grey.shape[::-1] + (grey / 65535).astype("<f4").tobytes()
    for order in "<>":
        yield f"rgb tiff {order}", "tif", tiff(wide, order)
        yield f"grey tiff {order}", "tif", tiff(grey[..., None], order)
        yield f"signed tiff {order}", "tif", tiff((grey.astype(np.int32) - 30_000).astype(np.int16)[..., None], order)
    yield "rgba tiff", "tif", tiff(np.dstack([wide, alpha]), "<", extra=2)
    yield "premultiplied tiff", "tif", tiff(np.dstack([wide, alpha]), "<", extra=1)
    yield "rgbx tiff", "tif", tiff(np.dstack([wide, alpha]), "<", extra=0)
    yield "white is zero", "tif", tiff(grey[..., None], "<", photometric=0)
    yield "grey jpeg 2000 of 16 bits", "jp2", _saved(Image.fromarray(grey), "JPEG2000")


def tiff(values: NDArray[Any], order: str = "<", photometric: int | None = None, extra: int | None = None) -> bytes:
    """Return an uncompressed TIFF file of values (H, W, bands) of any type, in one strip."""
    height, width, bands = values.shape
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    tags = {
        256: [width], 257: [height], 258: [8 * values.itemsize] * bands, 259: [1],
        262: [photometric if photometric is not None else 2 if bands > 2 else 1], 273: [8], 277: [bands],
        278: [height], 279: [len(data)], 339: [kind] * bands,
    } | ({338: [extra]} if extra is not None else {})  # fmt: skip
    start = 8 + len(data)
    behind = start + 2 + 12 * len(tags) + 4
    entries, more = b"", b""
    for tag, numbers in sorted(tags.items()):
        is_long = tag in {273, 279}
        packed = struct.pack(f"{order}{len(numbers)}{'I' if is_long else 'H'}", *numbers)
        if len(packed) > 4:
            packed, more = struct.pack(f"{order}I", behind + len(more)), more + packed
        entries += struct.pack(f"{order}HHI", tag, 4 if is_long else 3, len(numbers)) + packed.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    return head + data + struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", 0) + more


def _png(values: NDArray[np.uint16], colour: int, transparent: bytes = b"") -> bytes:
    """Return a PNG file of 16 bits a value, which Pillow cannot write in colour."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))]
    chunks += [(b"tRNS", transparent)] if transparent else []
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _turned(turn: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = turn
    return exif


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
