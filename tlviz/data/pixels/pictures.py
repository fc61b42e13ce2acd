"""From any picture file to upright 8-bit RGB of a fixed square size, without cutting anything off by default."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from tlviz.data.pixels import tiff
from tlviz.data.pixels.deep import Deep, to_bytes
from tlviz.data.pixels.deep_formats import (
    is_grey_png,
    netpbm_header,
    png_is_deep,
    read_netpbm,
    read_png,
)
from tlviz.data.pixels.depth import AS_STORED, Depth, in_words
from tlviz.data.pixels.opening import DAMAGE, load, open_header, read_file
from tlviz.data.pixels.signatures import HEAD, picture_format
from tlviz.data.pixels.signatures import SUFFIXES as SUFFIXES
from tlviz.errors import BadPictureError, NotAPictureError, TooLargeError

Pixels = NDArray[np.uint8]

MAX_PIXELS = 100_000_000
"""More than this is refused before it is decoded: it would take over 300 MB."""
SLOW_PIXELS = {"AVIF": 50_000_000, "HEIF": 50_000_000, "JPEG2000": 30_000_000, "16-bit colour": 50_000_000}
"""Formats that take longer to decode are refused sooner, so that no file takes over ten seconds."""
_MOST_TEXT = 16 * 2**20
"""Bytes of an any-map written as text, which is read a number at a time."""

INVISIBLE = "transparent in every pixel; its colours are used as if it were not"
_WITHOUT_ALPHA = {"RGBA": "RGB", "LA": "L"}
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "HEIC", "JPEG 2000", "PPM")
_STRIP = 2**22
"""Pixels that are put on white at a time."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


class Fit(StrEnum):
    """How a picture becomes square: padded with white, or resized and centre-cropped as the weights' authors did."""

    PAD = "pad"
    CROP = "crop"


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A decoded picture as its file has it, ``width`` and ``height`` in pixels.

    ``image`` is in its own colour mode; or ``deep`` are its values where they are more than 8 bits hold.
    ``orientation`` is the EXIF number, 1 for upright; ``remark`` says what else was chosen about it, such as its bands.
    ``is_invisible`` says that it was transparent in every pixel, which was left aside.
    """

    image: Image.Image | None
    deep: Deep | None
    format: str
    width: int
    height: int
    orientation: int
    is_animated: bool
    is_truncated: bool
    remark: str | None = None
    is_invisible: bool = False

    @property
    def oddity(self) -> str | None:
        """Say what is odd about the file, or None."""
        if self.is_truncated:
            return "truncated; decoded as far as it goes"
        if self.is_animated:
            return "an animation or several pages; the first frame is used"
        return INVISIBLE if self.is_invisible else None

    @property
    def is_deep(self) -> bool:
        """Return whether its values have to be brought to 8 bits."""
        return self.deep is not None and self.deep.values.dtype != np.uint8

    def notes(self, depth: Depth = AS_STORED) -> str | None:
        """Say all that is worth knowing before one believes an answer about the picture, or None."""
        own = "the range of its format" if self.deep and self.deep.full else "its own range of values"
        scaled = f"over 8 bits a value; {in_words(depth, f'{own} became 0 to 255')}" if self.is_deep else None
        return "; ".join(filter(None, (self.oddity, self.remark, scaled))) or None


def open_picture(
    source: Path | bytes, name: str | None = None, depth: Depth = AS_STORED
) -> tuple[Image.Image, str | None]:
    """Open a picture as upright RGB on white; the second value says what was odd about the file, or is None.

    Animations give their first frame; a truncated file is decoded as far as it goes.  JPEGs are decoded in full:
    libjpeg can decode at a half or less several times faster, but gives other pixels than other programs see.
    Raises ``BadPictureError`` where there is no picture to be had, or it has over ``MAX_PIXELS`` pixels, and
    ``OSError`` where the file cannot be read.
    """
    label = name or (str(source) if isinstance(source, Path) else "the picture")
    content = read_file(source) if isinstance(source, Path) else source
    opened = decode_picture(content, label, depth=depth)
    return to_rgb(opened, label, depth), opened.oddity


def decode_picture(content: bytes, label: str, enough: int | None = None, depth: Depth = AS_STORED) -> Opened:
    """Decode a picture and leave it in its own colour mode; ``label`` names it in messages.

    A JPEG is decoded at a smaller scale where both sides keep ``enough`` pixels; width and height are the file's own.
    Raises ``NotAPictureError``, ``TooLargeError``, or ``BadPictureError`` where it is damaged.
    """
    kind = picture_format(content[:HEAD])
    try:
        if kind is None:
            raise UnidentifiedImageError
        return _visible(_decode(content, kind, label, enough, depth))
    except UnidentifiedImageError:
        raise NotAPictureError(
            f"{label} is not a picture that can be opened; use {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}."
        ) from None
    except ModuleNotFoundError as error:
        raise BadPictureError(
            f"{label} is a HEIC picture, and {error.name} is not installed; save it as JPEG."
        ) from None
    except Image.DecompressionBombError:
        raise TooLargeError(_too_large(label)) from None
    except MemoryError:
        raise TooLargeError(f"There is not enough memory to decode {label}; scale it down.") from None
    except DAMAGE as error:
        raise _damaged(label, error) from error


def to_rgb(opened: Opened, label: str, depth: Depth = AS_STORED) -> Image.Image:
    """Turn a decoded picture upright and to 8-bit RGB on white.  Raises ``BadPictureError`` where it is damaged."""
    try:
        if opened.deep is not None:
            image = _turned(to_bytes(opened.deep, depth), opened.orientation)
        else:
            assert opened.image is not None  # noqa: S101 (one of the two is there)
            image = _on_white(_upright(opened.image))
        return image if image.mode == "RGB" else image.convert("RGB")
    except MemoryError:
        raise TooLargeError(f"There is not enough memory to decode {label}; scale it down.") from None
    except DAMAGE as error:
        raise _damaged(label, error) from error


def _damaged(label: str, error: BaseException) -> BadPictureError:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return BadPictureError(f"{label} is damaged and cannot be decoded ({why}); replace the file.")


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


def _decode(content: bytes, kind: str, label: str, enough: int | None, depth: Depth) -> Opened:
    if kind == "TIFF":
        page = tiff.read_page(io.BytesIO(content))
        if page is not None and tiff.is_deep(page, depth):
            return _tiff(content, page, depth, label)
    is_text = kind == "PPM" and content[1:2] in {b"1", b"2", b"3"}
    header = netpbm_header(content) if kind == "PPM" and not is_text else None
    if header is not None and header[3] != 255:
        _check_size(label, header[1], header[2], kind)
        deep, is_truncated = read_netpbm(content, header)
        return Opened(None, deep, kind, header[1], header[2], 1, False, is_truncated)
    if is_text and len(content) > _MOST_TEXT:
        raise TooLargeError(f"{label} is too large (numbers written as text); save it as PNG.")
    image = open_header(content, kind)
    width, height = image.size
    _check_size(label, width, height, kind)
    # Phones store a second, hidden picture in a JPEG (MPO) or HEIC: that is no animation.
    is_animated = bool(getattr(image, "is_animated", False)) and image.format not in {"MPO", "HEIF"}
    if kind == "PNG" and png_is_deep(content) and not is_grey_png(content):
        _check_size(label, width, height, "16-bit colour")
        deep = read_png(image, open_header(content, kind))
        return Opened(None, deep, kind, width, height, _orientation(image), is_animated, False)
    if enough:
        image.draft(None, (enough, enough))
    image, is_truncated = load(content, kind, image)
    about = str(image.format), width, height, _orientation(image), is_animated, is_truncated
    if not image.mode.startswith(("I", "F")):
        return Opened(image, None, *about)
    transparent = image.info.get("transparency")
    values = np.asarray(image)
    is_short = image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and values.max() <= 65535)
    deep = Deep(
        values, (0.0, 65535.0) if is_short else None, no_data=transparent if isinstance(transparent, int) else None
    )
    return Opened(None, deep, *about)


def _visible(opened: Opened) -> Opened:
    """Take a picture that is transparent in every pixel as its colours alone: put on white, nothing would be left."""
    if opened.deep is not None:
        if opened.deep.alpha is None or opened.deep.alpha.any():
            return opened
        return replace(opened, deep=replace(opened.deep, alpha=None), is_invisible=True)
    image = opened.image
    if image is None:
        return opened
    if image.mode in _WITHOUT_ALPHA and image.getextrema()[-1] == (0, 0):
        return replace(opened, image=image.convert(_WITHOUT_ALPHA[image.mode]), is_invisible=True)
    if image.mode == "P" and "transparency" in image.info and _uses_clear_colours_only(image):
        image = image.copy()
        del image.info["transparency"]
        return replace(opened, image=image, is_invisible=True)
    return opened


def _uses_clear_colours_only(image: Image.Image) -> bool:
    """Return whether every colour that a picture takes from its palette is transparent."""
    clear = image.info["transparency"]
    used = [colour for colour, count in enumerate(image.histogram()) if count]
    if isinstance(clear, bytes):
        return all(colour < len(clear) and not clear[colour] for colour in used)
    return used == [clear]


def _tiff(content: bytes, page: tiff.Page, depth: Depth, label: str) -> Opened:
    _check_size(label, page.width, page.height, "TIFF")
    deep, is_truncated = tiff.read_values(content, page, depth, label)
    turn = page.orientation if page.orientation in _TURNS else 1
    remark = tiff.band_words(page, depth)
    return Opened(None, deep, "TIFF", page.width, page.height, turn, page.is_animated, is_truncated, remark)


def _check_size(label: str, width: int, height: int, kind: str) -> None:
    if width * height > min(MAX_PIXELS, SLOW_PIXELS.get(kind, MAX_PIXELS)):
        raise TooLargeError(_too_large(label, f"{width:,} x {height:,} pixels", SLOW_PIXELS.get(kind, MAX_PIXELS)))


def _too_large(label: str, size: str = "far too many pixels", most: int = MAX_PIXELS) -> str:
    return f"{label} is too large ({size}); scale it below {most // 1_000_000} megapixels."


def _on_white(image: Image.Image) -> Image.Image:
    """Put a picture on white where it is transparent, a strip at a time where it is large."""
    if not image.has_transparency_data:
        return image
    if image.width * image.height <= _STRIP:
        return _blended(image)
    result = Image.new("RGB", image.size)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        result.paste(_blended(strip), (0, top))
    return result


def _blended(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DAMAGE:  # the camera's note is damaged, not the picture
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _upright(image: Image.Image) -> Image.Image:
    """Turn a picture as the camera's note says; one with a damaged note is left as it is."""
    return _turned(image, _orientation(image))


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
