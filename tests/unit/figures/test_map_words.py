"""What a map of images shows follows from where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from tests.profiles import made_profile, with_stage
from tlviz.figures.map_words import by_chance, map_in_words, nearest_alike, probe_in_words

CLASSES = ("cat", "dog")


def line(labels: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images in pairs on a line, each image's neighbour is the other of its pair."""
    found = np.array([int(label) for label in labels])
    along = [at // 2 * 10.0 + at % 2 for at in range(len(found))]
    return np.array([(x, 0.0) for x in along]), found


def test_the_nearest_image_and_chance() -> None:
    places, labels = line("001101")
    assert nearest_alike(places, labels).tolist() == [True] * 4 + [False] * 2
    assert by_chance(labels) == pytest.approx(2 * (3 * 2) / (6 * 5))
    assert by_chance(labels[:1]) == 0


@pytest.mark.parametrize(
    ("labels", "explained", "words"),
    [
        (
            *("00110011", 0.6),
            "The classes lie apart: 100% of the images have one of their own class beside them, 43% would by chance. "
            "The two axes keep 60% of the variance.",
        ),
        (
            *("00110011", 0.2),
            "The classes lie apart: 100% of the images have one of their own class beside them, 43% would by chance. "
            "The two axes keep 20% of the variance; that is enough here.",
        ),
        (
            *("01010101", 0.2),
            "The classes are mixed: 0% of the images have one of their own class beside them, 43% would by chance. The "
            "two axes keep 20% of the variance, so what overlaps here may still be apart.",
        ),
    ],
)
def test_how_far_the_classes_lie_apart(labels: str, explained: float, words: str) -> None:
    assert map_in_words(*line(labels), CLASSES, explained) == words


def test_classes_that_lie_apart_in_part_are_named() -> None:
    told = map_in_words(*line("00000111"), CLASSES, 0.2)
    assert told.startswith("The classes lie apart in part: 75% of the images")
    assert "Most apart: cat (80%); most mixed: dog (67%)." in told


def test_too_few_to_lie_apart() -> None:
    told = "There are too few images or classes to lie apart."
    assert map_in_words(*line("0000"), CLASSES, 0.5) == told
    assert map_in_words(*line("01"), CLASSES, 0.5) == told


def test_what_a_probe_gets_right() -> None:
    stage = made_profile().stages[1]
    assert probe_in_words(stage) == "A probe on all features gets 80% right, 40% with random weights."
    shuffled = with_stage(made_profile(), 1, permuted_high=0.85).stages[1]
    assert probe_in_words(shuffled) == (
        "A probe on all features gets 80% right, no more than with shuffled labels (85%)."
    )
    useless = with_stage(made_profile(), 1, gain=-0.01).stages[1]
    assert probe_in_words(useless) == "A probe on all features gets 80% right, no more than with random weights."
