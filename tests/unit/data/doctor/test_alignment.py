"""One picture is laid over another: orientation, window, and what is left."""

from __future__ import annotations

import numpy as np
import pytest

from tests.painted import paint
from tlviz.data.doctor.alignment import BOXES, SIDE, coarse, directions, oriented, overlay, same_frame, windows


def grey(seed: int = 3, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> np.ndarray:
    image = paint(seed, 640, 640).convert("L")
    top, left, height, width = (640 * share for share in box)
    return np.asarray(image.resize((SIDE, SIDE), box=(left, top, left + width, top + height)), np.float32)


def test_the_eight_orientations_are_eight_and_the_first_is_the_picture() -> None:
    one = grey()
    turned = oriented(one)
    assert turned.shape == (8, SIDE, SIDE)
    assert np.array_equal(turned[0], one)
    assert len({picture.tobytes() for picture in turned}) == 8


@pytest.mark.parametrize(
    "box", [(0, 0, 0.8, 0.8), (0.13, 0.17, 0.74, 0.8), (0.3, 0.05, 0.62, 0.62), (0.1, 0.1, 0.9, 0.83)]
)
def test_a_window_is_found_to_a_hundredth(box: tuple[float, float, float, float]) -> None:
    whole, part = grey(), grey(box=box)
    scores = windows(whole) @ directions(coarse(part))
    found = overlay(part[None], whole[None], BOXES[[scores.argmax()]])
    assert found.boxes[0] == pytest.approx(box, abs=0.012)
    assert found.agrees(np.array([False])).all()


def test_the_tones_do_not_count_and_another_picture_does() -> None:
    one = grey()
    darker, clipped = one * 0.5 + 30, np.minimum(one * 1.4, 255)
    assert same_frame(np.stack([darker, clipped]), np.stack([one, one])).agrees(np.zeros((), bool)).all()
    assert not same_frame(grey(4)[None], one[None]).agrees(np.zeros((), bool)).any()
    assert not same_frame(255 - one[None], one[None]).agrees(np.zeros((), bool)).any()


def test_no_pairs_and_plain_pictures_give_no_agreement() -> None:
    none, no = np.zeros((0, SIDE, SIDE), np.float32), np.zeros(0, bool)
    assert len(same_frame(none, none).agrees(no)) == 0
    assert len(overlay(none, none, np.zeros((0, 4), np.float32)).agrees(no)) == 0
    plain = np.zeros((1, SIDE, SIDE), np.float32)
    assert not same_frame(plain, plain).agrees(np.zeros((), bool)).any()


def test_where_only_one_has_colours_the_tones_count() -> None:
    one = grey()
    clipped = same_frame(np.minimum(one * 1.8, 255)[None], one[None])
    assert clipped.agrees(np.array([False])).all()
    assert not clipped.agrees(np.array([True])).any()
    assert same_frame(one[None], one[None]).agrees(np.array([True])).all()
