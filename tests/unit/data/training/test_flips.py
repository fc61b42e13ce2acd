"""Whether mirrored pictures keep their class, guessed from names."""

import pytest

from tlviz.data.sources.catalogue import DATASETS
from tlviz.data.sources.public import PUBLIC
from tlviz.data.training.flips import suggest_may_flip


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("mnist", "a b"),
        ("my_SVHN_copy", "x y"),
        ("emnist-letters", "x y"),
        ("pictures", "0 1 2 3 4 5 6 7 8 9"),
        ("pictures", "a b c"),
        ("pictures", "A B C"),
        ("pictures", "zero one two"),
        ("pictures", "digit_0 digit_1"),
        ("pictures", "letterA letterB"),
        ("signs", "turn_left turn_right stop"),
        ("signs", "turnLeft ahead"),
        ("arrows", "clockwise other"),
    ],
)
def test_not_for_digits_letters_and_sides(name: str, classes: str) -> None:
    assert not suggest_may_flip(name, classes.split())


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("fashion-mnist", "shirt coat"),
        ("pets", "cat dog"),
        ("pictures", "bird flower fruit"),
        ("pictures", "lefthander bright oneness copyright"),
        ("cars", "audi_a4 bmw_m3 fiat_500"),
        ("pictures", "кошка 犬"),
        ("aircraft", "707-320 727-200 A300B4"),
    ],
)
def test_for_things(name: str, classes: str) -> None:
    assert suggest_may_flip(name, classes.split())


def test_more_than_half_of_the_classes_must_be_signs() -> None:
    assert suggest_may_flip("x", ["1", "2", "cat", "dog"])
    assert not suggest_may_flip("x", ["1", "2", "3", "dog"])


def test_mnist_style_names() -> None:
    assert not suggest_may_flip("x", ["0 - zero", "1 - one", "2 - two"])


def test_the_tables_agree_with_the_guess() -> None:
    for spec in DATASETS.values():
        assert suggest_may_flip(spec.name, spec.classes) is spec.may_flip
    for public in PUBLIC.values():
        assert suggest_may_flip(public.name, ["cat", "dog"]) is public.may_flip
