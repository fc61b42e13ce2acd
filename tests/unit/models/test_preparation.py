"""How pictures are prepared: the architecture's way, a person's instead, and nothing out of range."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tlviz.errors import BadSettingError
from tlviz.models.catalogue import find_model
from tlviz.models.preparation import Given, assumed, check_preprocessing, parse_three, prepare
from tlviz.models.spec import Preprocessing

BASE = find_model("squeezenet1_1")
SOUND = {"size": 96, "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3, "crop_fraction": 0.9}


def test_nothing_given_is_the_architectures_and_said() -> None:
    assert prepare(BASE, Given()) == BASE.preprocessing
    said = assumed(BASE, Given(), BASE.preprocessing)
    assert said.startswith(
        "Assumed, as for squeezenet1_1: mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225, 224 pixels"
    )


def test_what_a_person_gives_takes_its_place() -> None:
    given = Given((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 128, "BICUBIC", 1.0)
    found = prepare(BASE, given)
    assert found == Preprocessing(128, "bicubic", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 1.0)
    assert assumed(BASE, given, found) == ""


def test_a_side_that_the_architecture_cannot_take() -> None:
    with pytest.raises(BadSettingError, match="pixels or more"):
        prepare(BASE, Given(size=8))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", None),
        ("0.5", (0.5, 0.5, 0.5)),
        ("0.1,0.2,0.3", (0.1, 0.2, 0.3)),
        ("[0.1, 0.2, 0.3]", (0.1, 0.2, 0.3)),
        ("(0.1; 0.2; 0.3)", (0.1, 0.2, 0.3)),
        ("0.1 0.2 0.3", (0.1, 0.2, 0.3)),
    ],
)
def test_three_numbers_as_people_write_them(text: str, values: Any) -> None:
    assert parse_three("mean", text) == values


@pytest.mark.parametrize("text", ["x", "0.1,0.2", "1,2,3,4", "nan", "inf", "123.675,116.28,103.53", "0.1,,x"])
def test_three_numbers_that_are_none(text: str) -> None:
    with pytest.raises(BadSettingError, match=r"^mean is "):
        parse_three("mean", text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("size", value) for value in (0, -1, 10**6, 10**400, 1.5, math.inf, math.nan, None, "224", True, [224])),
        *(("crop_fraction", value) for value in (0, -1, 2, math.nan, math.inf, "1", None)),
        *(("interpolation", value) for value in ("nonsense", "", None, 3, "x" * 50_000, ["bilinear"])),
        *(
            ("mean", value)
            for value in (0.5, [0.5], [0.5] * 4, "abc", [math.nan] * 3, [124, 116, 104], None, {}, [None] * 3)
        ),
        *(("std", value) for value in ([0, 0, 0], [-1, 1, 1], [math.inf] * 3, [10**400] * 3, "0.5")),
    ],
)
def test_values_out_of_range_are_named(name: str, value: Any) -> None:
    with pytest.raises(BadSettingError, match=f"^{name} is ") as caught:
        check_preprocessing(SOUND | {name: value})
    assert len(str(caught.value)) < 250
    with pytest.raises(BadSettingError, match=f"^{name} is "):
        check_preprocessing({key: said for key, said in SOUND.items() if key != name})
