"""Files are known by their first bytes."""

from __future__ import annotations

import pytest

from tlviz.data.pixels.signatures import name_foreign, picture_format


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_picture_formats(start: bytes, kind: str | None) -> None:
    assert picture_format(start) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "a PDF document"),
        (b"PK\x03\x04\x14", "a ZIP archive or an office document"),
        (b"\xef\xbb\xbf \n<HTML>", "a web page"),
        (b"<?xml version='1.0'?><svg>", "an SVG drawing"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"just words\n", "a text file"),
        (b"caf\xc3\xa9", "a text file"),
        (b"caf\xe9", None),
        (b"words\0more", None),
        (b"\x01\x02", None),
    ],
)
def test_other_kinds_of_file(content: bytes, kind: str | None) -> None:
    assert name_foreign(content) == kind
