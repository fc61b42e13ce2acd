"""Pictures of the same content are one group; pictures that only look alike are not."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageEnhance

from tests.painted import paint
from tlviz.data.doctor.duplicates import Likeness, agreement, find_groups, is_near
from tlviz.data.doctor.inspect_file import Broken, Facts, inspect_file


def facts(image: Image.Image, form: str = "PNG", quality: int = 90) -> Facts:
    buffer = io.BytesIO()
    image.save(buffer, form, quality=quality)
    found = inspect_file(buffer.getvalue, "x")
    assert not isinstance(found, Broken)
    return found[0]


def test_groups_bear_the_least_position_in_them() -> None:
    one, two, three = facts(paint(1)), facts(paint(2)), facts(paint(3))
    bmp, brighter = facts(paint(1), "BMP"), facts(ImageEnhance.Brightness(paint(2)).enhance(1.1))
    assert find_groups([three, one, two, one, brighter, bmp]).tolist() == [0, 1, 2, 1, 2, 1]
    assert find_groups([]).tolist() == []


def test_pictures_of_one_colour_are_copies_only_where_they_are_equal() -> None:
    black, dark = (facts(Image.new("RGB", (40, 40), (value,) * 3)) for value in (0, 1))
    assert find_groups([black, dark, black]).tolist() == [0, 1, 0]


def test_how_far_two_agree() -> None:
    png, bmp, jpeg = facts(paint(1)), facts(paint(1), "BMP"), facts(paint(1), "JPEG")
    assert agreement(png, png) is Likeness.BYTES
    assert agreement(png, bmp) is Likeness.PIXELS
    assert agreement(png, jpeg) is Likeness.NEARLY


def test_a_small_picture_must_agree_almost_exactly() -> None:
    """A poor JPEG of a large picture is its copy; of 31 pixels, it may be one of a lookalike."""
    large, small = paint(1), paint(1).resize((31, 31))
    none = np.zeros(1, np.uint8)
    poor = [facts(picture, "JPEG", 10) for picture in (large, small)]
    assert is_near(facts(large), [poor[0]], none).tolist() == [True]
    assert is_near(facts(small), [poor[1]], none).tolist() == [False]


def test_another_picture_is_none_though_its_hash_were_the_same() -> None:
    assert is_near(facts(paint(1)), [facts(paint(2)), facts(paint(1))], np.zeros(2, np.uint8)).tolist() == [False, True]


def test_the_search_can_be_ended() -> None:
    asked: list[int] = []
    find_groups([facts(paint(1)), facts(paint(2))], lambda: asked.append(1))
    assert asked == [1, 1]
