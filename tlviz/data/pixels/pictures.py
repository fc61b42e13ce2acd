"""From any picture file to upright 8-bit RGB of a fixed square size, without cutting anything off by default."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from tlviz.errors import BadPictureError, NotAPictureError, TooLargeError

Pixels = NDArray[np.uint8]

MAX_PIXELS = 100_000_000
"""More than this is refused before it is decoded: it would take over 300 MB."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, struct.error)
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


class Fit(StrEnum):
    """How a picture becomes square: padded with white, or resized and centre-cropped as the weights' authors did."""

    PAD = "pad"
    CROP = "crop"


@dataclass(frozen=True, slots=True)
class Opened:
    """A decoded picture as its file has it: ``image`` in its own colour mode, ``width`` and ``height`` in pixels."""

    image: Image.Image
    width: int
    height: int
    is_animated: bool
    is_truncated: bool

    @property
    def oddity(self) -> str | None:
        """Say what is odd about the file, or None."""
        if self.is_truncated:
            return "truncated; decoded as far as it goes"
        return "an animation; its first frame is used" if self.is_animated else None


def open_picture(source: Path | bytes, name: str | None = None) -> tuple[Image.Image, str | None]:
    """Open a picture as upright RGB on white; the second value says what was odd about the file, or is None.

    Animations give their first frame; a truncated file is decoded as far as it goes.  JPEGs are decoded in full:
    libjpeg can decode at a half or less several times faster, but gives other pixels than other programs see.
    Raises ``BadPictureError`` where there is no picture to be had, or it has over ``MAX_PIXELS`` pixels.
    """
    label = name or (str(source) if isinstance(source, Path) else "the picture")
    content = source.read_bytes() if isinstance(source, Path) else source
    opened = decode_picture(content, label)
    return to_rgb(opened.image, label), opened.oddity


def decode_picture(content: bytes, label: str, enough: int | None = None) -> Opened:
    """Decode a picture and leave it in its own colour mode; ``label`` names it in messages.

    A JPEG is decoded at a smaller scale where both sides keep ``enough`` pixels; width and height are the file's own.
    Raises ``NotAPictureError``, ``TooLargeError``, or ``BadPictureError`` where it is damaged.
    """
    try:
        return _decode(content, label, enough)
    except UnidentifiedImageError:
        raise NotAPictureError(
            f"{label} is not a picture that can be opened; use {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}."
        ) from None
    except _DAMAGE as error:
        raise _damaged(label, error) from error


def to_rgb(image: Image.Image, label: str) -> Image.Image:
    """Turn a decoded picture upright and to 8-bit RGB on white.  Raises ``BadPictureError`` where it is damaged."""
    try:
        return _to_rgb(image)
    except _DAMAGE as error:
        raise _damaged(label, error) from error


def _damaged(label: str, error: BaseException) -> BadPictureError:
    return BadPictureError(f"{label} is damaged and cannot be decoded ({error}); replace the file.")


def fit_picture(image: Image.Image, size: int, fit: Fit, interpolation: str, crop_fraction: float) -> Pixels:
    """Make an RGB picture square: uint8 (size, size, 3)."""
    resample = Image.Resampling[interpolation.upper()]
    if fit is Fit.PAD:
        scale = size / max(image.size)
        inner = tuple(max(1, min(size, round(side * scale))) for side in image.size)
        square = Image.new("RGB", (size, size), "white")
        square.paste(image.resize((inner[0], inner[1]), resample), ((size - inner[0]) // 2, (size - inner[1]) // 2))
    else:
        side = min(image.size) * crop_fraction
        left, top = (image.width - side) / 2, (image.height - side) / 2
        square = image.resize((size, size), resample, box=(left, top, left + side, top + side))
    return np.asarray(square, dtype=np.uint8)


def _decode(content: bytes, label: str, enough: int | None) -> Opened:
    image = _open(content, label)
    width, height = image.size
    # Phones store a second, hidden picture in a JPEG (MPO): that is no animation.
    is_animated = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
    is_truncated = False
    if enough:
        image.draft(None, (enough, enough))
    try:
        with _tolerance.off():
            image.load()
    except OSError as error:
        if "truncated" not in str(error):
            raise
        with _tolerance.on():
            image = _open(content, label)
            image.load()
        is_truncated = True
    return Opened(image, width, height, is_animated, is_truncated)


class _Tolerance:
    """Pillow's switch for truncated files, which is global: never on while another thread decodes strictly."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._strict = 0
        self._waiting = 0

    @contextmanager
    def off(self) -> Iterator[None]:
        """Decode strictly, beside other strict threads."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)
            self._strict += 1
        try:
            yield
        finally:
            with self._changed:
                self._strict -= 1
                self._changed.notify_all()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Decode what is there of a truncated file, alone."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._strict)
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                yield
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
                self._waiting -= 1
                self._changed.notify_all()


_tolerance = _Tolerance()


def _open(content: bytes, label: str) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        except Image.DecompressionBombError:
            raise TooLargeError(_too_large(label)) from None
    if image.width * image.height > MAX_PIXELS:
        raise TooLargeError(_too_large(label, f"{image.width:,} x {image.height:,} pixels"))
    return image


def _too_large(label: str, size: str = "far too many pixels") -> str:
    return f"{label} is too large ({size}); scale it below {MAX_PIXELS // 1_000_000} megapixels."


def _to_rgb(image: Image.Image) -> Image.Image:
    """Turn upright, then to 8-bit RGB: 16-bit and float greys are scaled, transparency becomes white."""
    image = _upright(image)
    if image.mode.startswith(("I", "F")):
        image = _scale_to_bytes(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _upright(image: Image.Image) -> Image.Image:
    try:
        is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if is_turned else image  # which copies even what stands upright
    except (struct.error, ValueError, TypeError):  # the note of the camera is damaged, not the picture
        return image


def _scale_to_bytes(image: Image.Image) -> Image.Image:
    """Map 16-bit greys to 8 bits by their format's range, anything wider by its own range."""
    values = np.asarray(image, dtype=np.float64)
    if image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and values.max() <= 65535):
        low, high = 0.0, 65535.0
    else:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    scaled = np.nan_to_num((values - low) / max(high - low, 1e-12)) * 255
    scaled[values == image.info.get("transparency", np.nan)] = 255
    return Image.fromarray(np.clip(np.round(scaled), 0, 255).astype(np.uint8))
