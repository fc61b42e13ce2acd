"""The pictures of a model card show names where they can be read, and numbers where they cannot."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.figures.card_pictures import _names, confusion_picture, curve_picture
from tlviz.figures.sprites import from_png

COUNTS = np.array([[5, 1], [0, 4]])


@pytest.mark.parametrize(
    ("classes", "shown"),
    [
        (["bird", "cat 2"], ["bird", "cat 2"]),
        (["bird", "猫"], ["0", "1"]),
        (["bird", "x" * 300], ["0", "1"]),
        (["bird", "two\nlines"], ["0", "1"]),
    ],
)
def test_names_are_shown_where_the_font_has_them(classes: list[str], shown: list[str]) -> None:
    assert _names(classes) == shown
    assert from_png(confusion_picture(COUNTS, classes, 0)).std() > 0


def test_each_name_is_below_its_own_column() -> None:
    picture = from_png(confusion_picture(COUNTS, ["wwwwwwwwww", "i"], 0)).astype(int)
    columns = picture.shape[1] - 24 - 2 * 44  # two cells and the margin, from the right
    ink = (picture[34 + 2 * 44 :].sum(2) < 300).sum(0)
    assert ink[columns : columns + 44].sum() > 3 * ink[columns + 44 : columns + 88].sum() > 0


def test_a_curve_of_any_length_can_be_drawn() -> None:
    epochs = [{"epoch": at, "val_accuracy": at / 30, "train_accuracy": None} for at in range(31)]
    assert from_png(curve_picture(epochs, 30, 0)).shape == from_png(curve_picture(epochs[:1], 0, 0)).shape
