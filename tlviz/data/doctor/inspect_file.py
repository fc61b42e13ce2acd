"""What one picture file is like, found out with one look at its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import imagehash
import numpy as np
from PIL import Image

from tlviz.data.doctor.alignment import SIDE
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.pictures import Opened, Pixels, decode_picture, to_rgb
from tlviz.data.pixels.signatures import name_foreign, picture_format
from tlviz.errors import BadPictureError, NotAPictureError, TooLargeError

THUMB = 32
ENOUGH = 256
"""JPEGs are decoded at a smaller scale where both sides keep this many pixels."""
_FORMAT_OF_SUFFIX = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".bmp": "BMP", ".gif": "GIF", ".webp": "WEBP",
    ".tif": "TIFF", ".tiff": "TIFF", ".ppm": "PPM", ".pgm": "PPM", ".pbm": "PPM", ".pnm": "PPM", ".pfm": "PPM",
    ".jpe": "JPEG", ".jfif": "JPEG", ".dib": "BMP", ".avif": "AVIF", ".heic": "HEIF", ".heif": "HEIF", ".hif": "HEIF",
    ".jp2": "JPEG2000", ".j2k": "JPEG2000", ".jpx": "JPEG2000",
}  # fmt: skip
_SAME_FORMAT = {"MPO": "JPEG", "DIB": "BMP"}
_CONSTANT_WINDOW = 17
_CONSTANT_SHARE = 0.998


class Colour(StrEnum):
    """How a file stores colour, as far as other tools treat it differently."""

    RGB = "8-bit colour"
    GREY = "greyscale"
    CMYK = "CMYK"
    TRANSPARENT = "transparent"
    DEEP = "over 8 bits or many bands"


class Failure(StrEnum):
    """Why a file gives no picture."""

    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    NOT_A_PICTURE = "not a picture"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that gives no picture, and why, in words."""

    failure: Failure
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What a picture file is like.

    ``orientation`` is the EXIF number, 1 for upright; ``wrong_suffix`` says what the content is where the name says
    otherwise; ``byte_digest`` and ``pixel_digest`` are SHA-256; ``hash`` is the 64-bit perceptual hash of the upright
    picture, ``thumb`` its uint8 (32, 32, 3) version and ``grey`` its uint8 (64, 64) one.
    """

    width: int
    height: int
    colour: Colour
    orientation: int
    wrong_suffix: str | None
    is_animated: bool
    is_invisible: bool
    is_truncated: bool
    is_constant: bool
    byte_digest: bytes
    pixel_digest: bytes
    hash: int
    thumb: Pixels
    grey: Pixels


def inspect_file(read: Callable[[], bytes], path: str, depth: Depth = AS_STORED) -> tuple[Facts, Image.Image] | Broken:
    """Read a file once; return its facts and the upright RGB picture, or why there is none.

    ``depth`` is how the target's deep pictures are brought to 8 bits.
    """
    label = PurePath(path).name
    try:
        content = read()
        opened = decode_picture(content, label, ENOUGH, depth)
        rgb = to_rgb(opened, label, depth)
    except OSError as error:
        return Broken(Failure.UNREADABLE, f"cannot be read: {error.strerror or error}")
    except NotAPictureError as error:
        return _no_picture(content, label, error)
    except TooLargeError as error:
        return Broken(Failure.TOO_LARGE, str(error))
    except BadPictureError as error:
        return Broken(Failure.DAMAGED, str(error))
    return _facts(content, path, opened, rgb), rgb


def _no_picture(content: bytes, label: str, error: NotAPictureError) -> Broken:
    if not content:
        return Broken(Failure.DAMAGED, f"{label} is empty")
    kind, foreign = picture_format(content), name_foreign(content)
    if kind:
        return Broken(Failure.DAMAGED, f"{label} is damaged: it begins as a {kind} picture, but cannot be decoded")
    if foreign:
        return Broken(Failure.NOT_A_PICTURE, f"{label} is {foreign}, not a picture")
    return Broken(Failure.DAMAGED, str(error))


def decoded_facts(pixels: Pixels) -> Facts:
    """Return the facts of a decoded picture, uint8 (H, W, 3), as far as they can be told without its file."""
    rgb = Image.fromarray(pixels)
    return Facts(
        width=rgb.width,
        height=rgb.height,
        colour=Colour.RGB,
        orientation=1,
        wrong_suffix=None,
        is_animated=False,
        is_invisible=False,
        is_truncated=False,
        byte_digest=_digest(rgb),
        **_looks(rgb),
    )


def _facts(content: bytes, path: str, opened: Opened, rgb: Image.Image) -> Facts:
    return Facts(
        width=opened.width,
        height=opened.height,
        colour=_colour(opened),
        orientation=opened.orientation,
        wrong_suffix=_wrong_suffix(path, opened.format),
        is_animated=opened.is_animated,
        is_invisible=opened.is_invisible,
        is_truncated=opened.is_truncated,
        byte_digest=hashlib.sha256(content).digest(),
        **_looks(rgb),
    )


def _digest(rgb: Image.Image) -> bytes:
    pixels = hashlib.sha256(f"{rgb.size}".encode())
    pixels.update(rgb.tobytes())
    return pixels.digest()


def _looks(rgb: Image.Image) -> dict[str, Any]:
    """Return the facts that an upright picture's pixels tell."""
    thumb = rgb.resize((THUMB, THUMB), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return {
        "is_constant": _is_constant(rgb),
        "pixel_digest": _digest(rgb),
        "hash": int.from_bytes(np.packbits(imagehash.phash(thumb).hash).tobytes(), "big"),
        "thumb": np.asarray(thumb, dtype=np.uint8),
        "grey": np.asarray(rgb.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0).convert("L"), np.uint8),
    }


def _colour(opened: Opened) -> Colour:
    image = opened.image
    if image is None:
        return Colour.DEEP
    if image.mode == "CMYK":
        return Colour.CMYK
    if image.mode in {"RGBA", "LA", "PA"}:
        opacity = image.getchannel("A").getextrema()
        return Colour.TRANSPARENT if opacity[0] != 255 else Colour.RGB if image.mode != "LA" else Colour.GREY
    if image.has_transparency_data:
        return Colour.TRANSPARENT
    return Colour.GREY if image.mode in {"1", "L"} else Colour.RGB


def _wrong_suffix(path: str, found: str) -> str | None:
    promised = _FORMAT_OF_SUFFIX.get(PurePath(path).suffix.lower())
    found = _SAME_FORMAT.get(found, found)
    return found if promised and promised != found else None


def _is_constant(rgb: Image.Image) -> bool:
    """Return whether nearly all pixels lie within a narrow range of brightness in every channel."""
    counts = np.asarray(rgb.histogram(), dtype=np.int64).reshape(3, 256)
    sums = np.concatenate([np.zeros((3, 1), np.int64), counts.cumsum(1)], axis=1)
    densest = (sums[:, _CONSTANT_WINDOW:] - sums[:, :-_CONSTANT_WINDOW]).max(1)
    return bool((densest >= _CONSTANT_SHARE * rgb.width * rgb.height).all())
