"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
    | {".jpe", ".jfif", ".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".jpx", ".pbm", ".pnm", ".pfm", ".dib"}
)
"""Endings of pictures; what bears another one, or none, is looked into."""
HEAD = 512
"""Bytes that are enough to tell what a file is."""

_PICTURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
}
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"8BPS", "a Photoshop file"),
    (b"<svg", "an SVG drawing"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjxl ", "a JPEG XL picture"),
    (b"qoif", "a QOI picture"),
    (b"\0\0\1\0", "an icon"),
    (b"fujifilmccd-raw", "a raw photograph"),
    (b"rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89hdf\r\n\x1a\n", "an HDF5 file"),
    (b"\x93numpy", "a NumPy array"),
    (b"simple  =", "a FITS file"),
    (b"%!ps", "a PostScript file"),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_FOREIGN_BRANDS = {
    b"mif1": "a HEIF picture of an unknown kind",
    b"msf1": "a HEIF picture of an unknown kind",
    b"crx ": "a raw photograph",
}
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_NETPBM = re.compile(rb"P(?:[1-6]\s+(?:#|\d)|f\s+\d)")


def picture_format(start: bytes) -> str | None:
    """Return the picture format that a file begins as, under the name Pillow gives it; ``HEAD`` bytes are enough."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        return _branded(start)
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if _NETPBM.match(start):
        return "PPM"
    return next((kind for magic, kind in _PICTURES.items() if start.startswith(magic)), None)


def is_picture(path: str) -> bool:
    """Return whether a file is taken for a picture: by its ending, or by its first bytes where it has another one."""
    return os.path.splitext(path)[1].lower() in SUFFIXES or looks_like_picture(path)  # noqa: PTH122 (ten thousand times)


def looks_like_picture(path: str | Path) -> bool:
    """Return whether a file begins as a picture that can be opened; pipes and devices are never opened."""
    return picture_format(read_head(path)) is not None


def read_head(path: str | Path, count: int = HEAD) -> bytes:
    """Return a file's first bytes, none where it cannot be read or is no regular file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 (ten thousand times)
            return b""
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(count)
    except (OSError, ValueError):
        return b""


def why_no_picture(path: str | Path) -> str:
    """Say in words why a file is not taken for a picture: what it is instead, as far as its first bytes tell."""
    try:
        state = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(state.st_mode):
        return "is not a file"
    if not state.st_size:
        return "is empty"
    start = read_head(path)
    if not start:
        return "cannot be read"
    return f"is {name_foreign(start) or 'a file of an unknown kind'}, not a picture that can be opened"


def name_foreign(content: bytes) -> str | None:
    """Return the kind of a file that is not a picture of a known format, judged by its first bytes."""
    start = content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, kind in _FOREIGN:
        if start.lower().startswith(mark.lower()):
            return kind
    if content[128:132] == b"DICM":
        return "a DICOM file"
    if b"<svg" in start.lower():
        return "an SVG drawing"
    if content[4:8] == b"ftyp":
        return _FOREIGN_BRANDS.get(content[8:12], "a video")
    return "a text file" if b"\0" not in start and _is_text(start) else None


def _branded(start: bytes) -> str | None:
    """Tell AVIF and HEIC apart by the brands that the container names, the main one first."""
    length = min(int.from_bytes(start[:4], "big"), len(start))
    brands = [start[8:12], *(start[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0] not in _AVIF_BRANDS | _HEIF_BRANDS | {b"mif1", b"msf1"}:
        return None
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return "AVIF"
        if brand in _HEIF_BRANDS:
            return "HEIF"
    return None


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < max(len(start), HEAD - 8) - 3:  # else a letter cut in two
            return False
        text = start[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
