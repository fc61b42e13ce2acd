"""Values of any kind become 8 bits by one range; no data is white."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tlviz.data.pixels.deep import Deep, Span, measure, to_bytes
from tlviz.data.pixels.depth import AS_STORED, Depth

FULL = (0.0, 65535.0)


def eight(values: Any, depth: Depth = AS_STORED, **made: Any) -> list[Any]:
    return np.asarray(to_bytes(Deep(np.array(values), **({"full": None} | made)), depth)).tolist()


def test_one_range_holds_for_every_picture_and_what_is_beyond_is_cut_off() -> None:
    depth = Depth((0, 4095))
    assert eight(np.array([[0, 2048, 4095, 60000]], np.uint16), depth, full=FULL) == [[0, 128, 255, 255]]
    assert eight(np.array([[-5, 0, 2048, 5000]], np.int16), depth) == [[0, 0, 128, 255]]
    assert eight(np.array([[-1e9, 4095.0]], np.float32), depth) == [[0, 255]]


@pytest.mark.parametrize("nothing", [-9999, -3.4028235e38, np.nan, np.inf, -np.inf, 3.4e38, -1e38])
def test_one_value_of_nothing_is_white_and_leaves_the_others_alone(nothing: float) -> None:
    assert eight(np.array([[nothing, 0, 50, 100]], np.float32)) == [[255, 0, 128, 255]]


def test_a_value_like_nothing_in_the_midst_of_others_is_a_value() -> None:
    assert eight(np.array([[-9999, -9900, 0, 9999]], np.float32))[0][0] == 0
    assert eight(np.array([[-9999, -9999, 0, 9999]], np.int16), Depth(no_data=-9999.0)) == [[255, 255, 0, 255]]


def test_the_files_own_no_data_is_white_in_all_bands_only() -> None:
    values = np.array([[[7, 7, 7], [7, 0, 0], [0, 0, 65535]]], np.uint16)
    assert eight(values, full=FULL, no_data=7.0) == [[[255, 255, 255], [0, 0, 0], [0, 0, 255]]]


def test_white_is_zero_is_turned_round_and_alpha_put_on_white() -> None:
    values = np.array([[0, 65535, 0]], np.uint16)
    alpha = np.array([[255, 255, 0]], np.uint8)
    assert eight(values, full=FULL, is_inverted=True) == [[255, 0, 255]]
    assert eight(values, full=FULL, alpha=alpha) == [[0, 255, 255]]


def test_eight_bits_are_never_scaled_by_a_range() -> None:
    assert eight(np.array([[0, 100, 255]], np.uint8), Depth((0, 4095)), full=(0.0, 255.0)) == [[0, 100, 255]]


@pytest.mark.parametrize(
    ("values", "span"),
    [
        (np.arange(4096, dtype=np.uint16), Span(0, 4095, "u")),
        (np.array([5, 7], np.uint16), Span(5, 7, "u")),
        (np.array([5, 7, 900, 65535], np.uint16), Span(5, 900, "u", 65535.0)),
        (np.array([5, 7, 900, 2**32 - 1], np.uint32), Span(5, 900, "u", 2.0**32 - 1)),
        (np.array([5, 40_000, 65535], np.uint16), Span(5, 65535, "u")),
        (np.array([65535, 65535], np.uint16), Span(65535, 65535, "u")),
        (np.array([-9999, 3, 8], np.int16), Span(3, 8, "i", -9999.0)),
        (np.array([np.nan, np.inf, -3.4028235e38, 2, 3], np.float32), Span(2, 3, "f")),
        (np.array([-32768, 5, 900], np.int16), Span(5, 900, "i", -32768.0)),
        (np.full(3, np.nan, np.float32), Span(np.inf, -np.inf, "f")),
        (np.concatenate([np.arange(20_000) % 100, [65535]]).astype(np.uint16), Span(0, 99, "u")),
        (np.concatenate([np.arange(20_000) % 100, [1e9]]).astype(np.float32), Span(0, 99, "f")),
    ],
)
def test_the_span_of_a_picture(values: Any, span: Span) -> None:
    assert measure(Deep(values[None], None), AS_STORED) == span
