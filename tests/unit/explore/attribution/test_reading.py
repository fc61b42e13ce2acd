"""A map's sentence follows its numbers: one test for each thing that it can say."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore.attribution.reading import Map, Said, half_area, map_in_words, sweep_in_words, where_in_words

SIDE = 40
NOISE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
DRAWING = np.full((SIDE, SIDE, 3), 255, np.uint8)
DRAWING[10:30, 10:30] = 40


def square(top: int, left: int, side: int, value: float = 1.0) -> Map:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[top : top + side, left : left + side] = value
    return values


FRAME = np.ones((SIDE, SIDE), np.float32) - square(5, 5, 30)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said("vase", 0.26, "vase", 0.26, truth="tiger"),
         "It answers vase (26 %), not tiger, but is not sure; the map shows what speaks for vase, "),
        (Said("tiger", 0.9, "tiger", 0.9, truth="tiger"),
         "It answers tiger (90 %), and rightly; the map shows what speaks for tiger, "),
        (Said("tiger", 0.4, "tiger", 0.4, truth="tiger"), "It answers tiger (40 %), but is not sure; "),
        (Said("vase", 0.26, "vase", 0.26, label="mammal"),
         "It answers vase (26 %) to a picture of the class mammal, but is not sure; the map shows what speaks for "),
        (Said("vase", 0.8, "vase", 0.8, truth="tiger", label="mammal"), "It answers vase (80 %), not tiger; the map"),
        (Said("vase", 0.8, "vase", 0.8), "It answers vase (80 %); the map shows what speaks for vase, "),
        (Said("vase", 0.8, "tiger", 0.02), "the map shows what would speak for tiger (given 2 %), "),
        (Said("vase", 0.8, "tiger", 0.002), "the map shows what would speak for tiger (given under 1 %), "),
        (Said("vase", 0.8, "tiger", None), "would speak for tiger (not among its best guesses), "),
        (Said("vase", 0.8, "vase", 0.8, against="mask"), "the map shows what speaks for vase rather than mask, "),
        (Said("vase", 0.8, "tiger", None, is_sensitivity=True),
         "It answers vase (80 %); the map shows where small changes would move the score of tiger, "),
        (Said("vase", 0.8, "", None), "It answers vase (80 %); the map shows what it attends to, whatever the class, "),
        (Said("", 0.0, "", None), "The map shows what drives its features, "),
    ],
)  # fmt: skip
def test_what_was_answered_and_asked(said: Said, words: str) -> None:
    assert words in map_in_words(said, FRAME, NOISE)
    assert map_in_words(said, FRAME, NOISE).endswith("lies at the edge of the picture.")


@pytest.mark.parametrize(
    ("values", "pixels", "words"),
    [
        (FRAME, NOISE, "and most of it (100 %) lies at the edge of the picture"),
        (FRAME, DRAWING, "and most of it (100 %) lies on the plain background, at the edge of the picture"),
        (square(5, 20, 5), DRAWING, "and most of it (100 %) lies on the plain background"),
        (square(12, 12, 10), DRAWING, "and most of it (100 %) lies on what is shown, not on the plain background"),
        (square(6, 14, 10), DRAWING, "and half of it lies on 3 % of the picture, at the top"),
        (square(17, 17, 6), NOISE, "and half of it lies on 1 % of the picture, in the middle"),
        (square(6, 6, 6), NOISE, "and half of it lies on 1 % of the picture, at the top left"),
        (square(17, 28, 6), NOISE, "and half of it lies on 1 % of the picture, on the right"),
        (square(28, 17, 6), NOISE, "and half of it lies on 1 % of the picture, at the bottom"),
        (np.ones((SIDE, SIDE), np.float32), NOISE, "and it is spread: half of it covers 50 % of the picture"),
        (
            np.ones((SIDE, SIDE), np.float32) + square(28, 28, 12, 2.0),
            NOISE,
            "and it is spread: half of it covers 41 % of the picture, and it is strongest at the bottom right",
        ),
        (
            square(10, 10, 20, 2.0) + 0.3 + square(0, 27, 13, 2.6),
            DRAWING,
            "and it is spread: half of it covers 20 % of the picture, and it is strongest at the top right, "
            "on the plain background",
        ),
        (np.zeros((SIDE, SIDE), np.float32), NOISE, "but nothing in it is above zero"),
        (-np.ones((SIDE, SIDE), np.float32), DRAWING, "but nothing in it is above zero"),
        (square(17, 17, 6) - square(0, 0, 5), NOISE, "and half of it lies on 1 % of the picture, in the middle"),
    ],
)
def test_where_it_lies(values: Map, pixels: np.ndarray, words: str) -> None:
    assert where_in_words(values, pixels) == words


def test_a_map_on_a_coarser_grid_and_a_picture_of_one_colour() -> None:
    coarse = np.ones((8, 8), np.float32)
    assert "spread" in where_in_words(coarse, np.full((SIDE, SIDE, 3), 255, np.uint8)), "nothing is shown on it"
    assert "%" in where_in_words(coarse, DRAWING)


def test_half_of_a_map() -> None:
    assert half_area(np.ones((4, 4), np.float32)) == 0.5
    assert half_area(square(0, 0, 1)) == 1 / SIDE**2
    assert half_area(-square(0, 0, 1)) is None


@pytest.mark.parametrize(
    ("early", "late", "words"),
    [
        (np.ones((SIDE, SIDE), np.float32), square(9, 9, 8), "The map gathers: half of it lies on 50 % of the picture "
         "at stem, on 2 % at fire9."),
        (square(9, 9, 8), np.ones((SIDE, SIDE), np.float32), "The map spreads: half of it lies on 2 %"),
        (FRAME, FRAME[::-1], "The map stays about as wide: half of it lies on 22 %"),
        (square(9, 9, 8), 0 * FRAME, "At fire9 nothing in the map is above zero."),
        (0 * FRAME, 0 * FRAME, "At stem and fire9 nothing in the map is above zero."),
    ],
)  # fmt: skip
def test_from_early_to_late(early: Map, late: Map, words: str) -> None:
    assert sweep_in_words(("stem", early), ("fire9", late)).startswith(words)
