"""One look at a file's bytes says what the picture is like, or why there is none."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tlviz.data.doctor.inspect_file import Broken, Colour, Facts, Failure, inspect_file


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def facts(content: bytes, path: str = "cat/1.png") -> Facts:
    found = inspect_file(lambda: content, path)
    assert not isinstance(found, Broken), found
    return found[0]


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (Image.new("RGB", (6, 4)), Colour.RGB),
        (Image.new("L", (6, 4)), Colour.GREY),
        (Image.new("1", (6, 4)), Colour.GREY),
        (Image.new("I;16", (6, 4)), Colour.DEEP),
        (Image.new("RGBA", (6, 4), (9, 9, 9, 255)), Colour.RGB),
        (Image.new("RGBA", (6, 4), (9, 9, 9, 254)), Colour.TRANSPARENT),
        (Image.new("LA", (6, 4), (9, 255)), Colour.GREY),
    ],
)
def test_how_colour_is_stored(image: Image.Image, colour: Colour) -> None:
    found = facts(saved(image))
    assert (found.colour, found.width, found.height) == (colour, 6, 4)


@pytest.mark.parametrize(
    ("path", "said"), [("1.png", None), ("1.PNG", None), ("1.jpg", "PNG"), ("1.tif", "PNG"), ("1", None)]
)
def test_a_name_that_says_otherwise(path: str, said: str | None) -> None:
    assert facts(saved(Image.new("RGB", (6, 4))), path).wrong_suffix == said


def spotted(spots: int, value: int) -> bytes:
    """A thousand black pixels, so many of which have another value."""
    pixels = np.zeros((20, 50, 3), np.uint8)
    pixels.reshape(-1, 3)[:spots] = value
    return saved(Image.fromarray(pixels))


@pytest.mark.parametrize(
    ("spots", "value", "is_constant"), [(2, 255, True), (3, 255, False), (500, 16, True), (500, 17, False)]
)
def test_a_picture_is_constant_where_998_of_1000_pixels_lie_within_17_values(
    spots: int, value: int, is_constant: bool
) -> None:
    assert facts(spotted(spots, value)).is_constant is is_constant


def test_digests_tell_bytes_and_pixels_apart() -> None:
    image = Image.fromarray(np.arange(72, dtype=np.uint8).reshape(4, 6, 3))
    png, bmp = facts(saved(image)), facts(saved(image, "BMP"))
    assert png.byte_digest == hashlib.sha256(saved(image)).digest()
    assert png.byte_digest != bmp.byte_digest
    assert png.pixel_digest == bmp.pixel_digest != facts(saved(image.rotate(180))).pixel_digest


@pytest.mark.parametrize(
    ("content", "failure", "reason"),
    [
        (b"", Failure.DAMAGED, "x.png is empty"),
        (b"%PDF-1.7", Failure.NOT_A_PICTURE, "x.png is a PDF document, not a picture"),
        (b"\x89PNG\r\n\x1a\n", Failure.DAMAGED, "x.png is damaged: it begins as a PNG picture, but cannot be decoded"),
    ],
)
def test_why_there_is_no_picture(content: bytes, failure: Failure, reason: str) -> None:
    assert inspect_file(lambda: content, "pets/cat/x.png") == Broken(failure, reason)


def test_a_file_that_may_not_be_read() -> None:
    def refuse() -> bytes:
        raise PermissionError(13, "Permission denied")

    assert inspect_file(refuse, "x.png") == Broken(Failure.UNREADABLE, "cannot be read: Permission denied")
