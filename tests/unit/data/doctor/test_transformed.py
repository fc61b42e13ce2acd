"""Copies that were turned, mirrored, cropped or changed in their tones are found, lookalikes are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from tests.painted import paint
from tlviz.data.doctor.duplicates import Likeness, agreement, find_groups
from tlviz.data.doctor.inspect_file import Broken, Facts, inspect_file
from tlviz.data.doctor.transformed import find_transformed

Change = Callable[[Image.Image], Image.Image]
TURN = Image.Transpose
FLIP: Change = lambda image: image.transpose(TURN.FLIP_LEFT_RIGHT)  # noqa: E731
QUARTER: Change = lambda image: image.transpose(TURN.ROTATE_90)  # noqa: E731
CROP: Change = lambda image: image.crop((10, 20, 10 + image.width * 4 // 5, 20 + image.height * 4 // 5))  # noqa: E731
GREY: Change = lambda image: image.convert("L").convert("RGB")  # noqa: E731
BRIGHT: Change = lambda image: ImageEnhance.Brightness(image).enhance(1.3)  # noqa: E731
CHANGES: dict[str, tuple[Change, ...]] = {
    "mirrored": (FLIP,), "upside down": (lambda image: image.transpose(TURN.FLIP_TOP_BOTTOM),),
    "a quarter turn": (QUARTER,), "half a turn": (lambda image: image.transpose(TURN.ROTATE_180),),
    "three quarters": (lambda image: image.transpose(TURN.ROTATE_270),), "transposed": (QUARTER, FLIP),
    "cropped": (CROP,), "grey": (GREY,), "brighter": (BRIGHT,),
    "darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.6),),
    "less contrast": (lambda image: ImageEnhance.Contrast(image).enhance(0.5),),
    "cropped and mirrored": (CROP, FLIP), "cropped and turned": (CROP, QUARTER), "mirrored and grey": (FLIP, GREY),
    "turned and brighter": (QUARTER, BRIGHT), "cropped and grey": (CROP, GREY),
    "small and mirrored": (lambda image: image.resize((60, 50)), FLIP),
}  # fmt: skip
LOOKALIKES: dict[str, Change] = {
    "a negative": ImageOps.invert,
    "one shape more": lambda image: Image.composite(image, Image.new("RGB", image.size, "white"), _hole(image.size)),
    "stretched": lambda image: CROP(image).resize((image.width * 3 // 4, image.height)),
    "a fifth of it": lambda image: image.crop((0, 0, image.width // 3, image.height // 3)),
}


def _hole(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 255)
    mask.paste(0, (size[0] // 3, size[1] // 3, size[0] * 2 // 3, size[1] * 2 // 3))
    return mask


def facts(image: Image.Image) -> Facts:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    found = inspect_file(buffer.getvalue, "x.jpg")
    assert not isinstance(found, Broken)
    return found[0]


def everything(count: int) -> np.ndarray:
    """Return for each picture all others, as a network that finds them all alike would."""
    return np.array([[other for other in range(count) if other != at] for at in range(count)], dtype=np.int64)


@pytest.fixture(scope="module")
def others() -> list[Facts]:
    return [facts(paint(seed, 240, 200)) for seed in range(20)]


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_in_the_group_of_its_picture(changes: tuple[Change, ...], others: list[Facts]) -> None:
    image = paint(3, 240, 200)
    for change in changes:
        image = change(image)
    groups = find_groups([*others, facts(image)], alike=lambda groups: everything(len(groups)))
    assert groups.tolist() == [*range(20), 3]


@pytest.mark.parametrize("change", LOOKALIKES.values(), ids=LOOKALIKES)
def test_what_is_only_like_a_picture_is_no_copy(change: Change, others: list[Facts]) -> None:
    changed = facts(change(paint(3, 240, 200)))
    assert find_groups([*others, changed], alike=lambda groups: everything(len(groups))).tolist() == [*range(21)]


def test_crops_are_searched_only_where_a_network_points(others: list[Facts]) -> None:
    cropped = facts(CROP(paint(3, 240, 200)))
    assert find_groups([*others, cropped]).tolist() == [*range(21)]
    near = np.full((21, 1), 3)
    near[3] = 4
    assert find_groups([*others, cropped], alike=lambda _: near).tolist() == [*range(20), 3]


def test_pictures_of_few_pixels_or_one_colour_are_left_alone() -> None:
    small = [facts(paint(seed).resize((31, 40))) for seed in (1, 2)]
    turned = facts(FLIP(paint(1).resize((31, 40))))
    plain = [facts(Image.new("RGB", (60, 60), colour)) for colour in ("red", "blue")]
    assert find_groups([*small, turned, *plain], alike=lambda _: everything(5)).tolist() == [0, 1, 2, 3, 4]


def test_how_a_changed_copy_agrees_is_said() -> None:
    image = paint(3, 240, 200)
    assert agreement(facts(image), facts(FLIP(image))) is Likeness.CHANGED
    assert agreement(facts(image), facts(BRIGHT(image))) in {Likeness.NEARLY, Likeness.CHANGED}


def test_the_search_can_be_ended(others: list[Facts]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(find_transformed(others, np.arange(20), everything(20), stop))


def test_pairs_come_with_the_lower_position_first(others: list[Facts]) -> None:
    flipped = [facts(FLIP(paint(seed, 240, 200))) for seed in (7, 2)]
    found = set(find_transformed([*flipped, *others], np.arange(22), everything(22)))
    assert found == {(0, 9), (1, 4)}
    assert not any(one >= other for one, other in product(range(22), range(22)) if (one, other) in found)
