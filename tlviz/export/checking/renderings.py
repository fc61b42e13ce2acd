"""One picture as cameras, scanners and other programs would have saved it: what a reader must not get wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from tlviz.data.pixels.pictures import open_picture
from tlviz.errors import BadPictureError
from tlviz.home import make_folder, storage_errors

PICTURES = 4
"""Of this many pictures, spread over the validation part, every rendering is made."""
LARGEST_SIDE = 480
"""Larger ones are scaled down first: what is tested is how a file is read, not how large it is."""

Saver = Callable[[Image.Image, Path], None]


def write_renderings(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Write the odd renderings of some pictures into a folder and return the files by what they are.

    Pictures that cannot be opened are passed over.  Raises ``StorageError``.
    """
    make_folder(folder)
    written: dict[str, Path] = {}
    for number, path in enumerate(paths):
        try:
            image = open_picture(path)[0]
        except (BadPictureError, OSError):
            continue
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        for title, (suffix, save) in RENDERINGS.items():
            file = folder / f"{number}-{len(written)}{suffix}"
            with storage_errors(file):
                save(image, file)
            written[f"{title}, of {path.name}"] = file
    return written


def spread(paths: Sequence[Path], count: int = PICTURES) -> list[Path]:
    """Return a few of many, evenly spread: pictures lie class by class."""
    step = max(1, len(paths) // count)
    return list(paths[step // 2 :: step][:count])


def _turned(image: Image.Image, path: Path, orientation: int) -> None:
    image.save(path, quality=95, exif=_orientation(orientation))


def _orientation(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = number
    return exif


def _with_alpha(image: Image.Image) -> Image.Image:
    """Return a picture that becomes transparent from one corner to the other, with dark colours below it."""
    width, height = image.size
    slope = np.add.outer(np.linspace(0, 255, height), np.linspace(0, 255, width)) / 2
    result = image.convert("RGBA")
    result.putalpha(Image.fromarray(slope.astype(np.uint8)))
    return result


def _transparent(image: Image.Image, path: Path) -> None:
    _with_alpha(image).save(path)


def _transparent_and_turned(image: Image.Image, path: Path) -> None:
    _with_alpha(image).save(path, exif=_orientation(6))


def _grey_and_transparent(image: Image.Image, path: Path) -> None:
    _with_alpha(image).convert("LA").save(path)


def _palette(image: Image.Image, path: Path) -> None:
    image.quantize(64).save(path)


def _palette_and_transparent(image: Image.Image, path: Path) -> None:
    image.quantize(64).save(path, transparency=0)


def _colour_and_transparent(image: Image.Image, path: Path) -> None:
    """Declare the colour of the middle to be transparent."""
    middle = image.getpixel((image.width // 2, image.height // 2))
    image.save(path, transparency=middle)


def _grey(image: Image.Image, path: Path) -> None:
    image.convert("L").save(path)


def _two_tones(image: Image.Image, path: Path) -> None:
    image.convert("1").save(path)


def _cmyk(image: Image.Image, path: Path) -> None:
    image.convert("CMYK").save(path, quality=95)


def _deep_grey(image: Image.Image, path: Path) -> None:
    values = np.asarray(image.convert("L"), np.uint16) * 257
    Image.fromarray(values).save(path)


def _deep_colour(image: Image.Image, path: Path) -> None:
    """Write a PNG of 16 bits a value, which Pillow cannot."""
    values = (np.asarray(image, np.uint16) * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    head = struct.pack(">IIBBBBB", image.width, image.height, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )


RENDERINGS: dict[str, tuple[str, Saver]] = {
    **{f"EXIF {number}": (".jpg", partial(_turned, orientation=number)) for number in range(1, 9)},
    "transparent": (".png", _transparent),
    "transparent and EXIF 6": (".png", _transparent_and_turned),
    "transparent grey": (".png", _grey_and_transparent),
    "palette": (".png", _palette),
    "palette with a transparent colour": (".png", _palette_and_transparent),
    "RGB with a transparent colour": (".png", _colour_and_transparent),
    "grey": (".jpg", _grey),
    "black and white": (".png", _two_tones),
    "CMYK": (".jpg", _cmyk),
    "16-bit grey": (".png", _deep_grey),
    "16-bit colour": (".png", _deep_colour),
    "GIF": (".gif", _palette),
    "BMP": (".bmp", lambda image, path: image.save(path)),
    "TIFF": (".tif", lambda image, path: image.save(path, compression="tiff_lzw")),
    "WebP": (".webp", lambda image, path: image.save(path, lossless=True)),
}
"""Every rendering by its name: the file's ending and what writes it."""
