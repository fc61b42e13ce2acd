"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

_PICTURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"8BPS", "a Photoshop file"),
    (b"<svg", "an SVG drawing"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
)
_FOREIGN_BRANDS = {
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"mif1": "a HEIF picture",
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
}


def picture_format(start: bytes) -> str | None:
    """Return the picture format that a file begins as; 16 bytes are enough."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _PICTURES.items() if start.startswith(magic)), None)


def name_foreign(content: bytes) -> str | None:
    """Return the kind of a file that is not a picture of a known format, judged by its first bytes."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, kind in _FOREIGN:
        if start.lower().startswith(mark.lower()):
            return kind
    if b"<svg" in start.lower():
        return "an SVG drawing"
    if content[4:8] == b"ftyp":
        return _FOREIGN_BRANDS.get(content[8:12], "a video")
    return "a text file" if b"\0" not in start and _is_text(start) else None


def _is_text(start: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n" for byte in start) and start.isascii()
