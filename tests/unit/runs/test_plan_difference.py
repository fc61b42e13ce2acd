"""A form and a run differ in what they would do, not in how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tlviz.finetune.config import configure
from tlviz.models.spec import Stage
from tlviz.runs.plan_difference import difference_in_words, plan_difference

STAGES = tuple(Stage(name, (name,), 10, 64, 4, 0.25) for name in ("stem", "fire2", "fire3", "head"))


def told(form: dict[str, Any], run: dict[str, Any]) -> str:
    base = configure("squeezenet1_1", "photos", "full")
    return difference_in_words(plan_difference(replace(base, **form), STAGES, replace(base, **run), STAGES))


@pytest.mark.parametrize(
    ("form", "run", "words"),
    [
        ({}, {}, ""),
        ({"freeze": 0}, {"freeze": None}, ""),
        ({"freeze": 2}, {"frozen": ("fire2", "stem")}, ""),
        ({"freeze": 0}, {"freeze": None, "frozen": ()}, ""),
        ({"threads": 1}, {"threads": 7}, ""),
        ({"freeze": 3}, {"freeze": 1}, "frozen stages 3 instead of 1"),
        ({"freeze": 1}, {"frozen": ("fire3",)}, "frozen stages by name stem instead of fire3"),
        ({}, {"frozen": ("fire3",)}, "frozen stages by name none instead of fire3"),
        (
            {"strategy": "last_stages", "freeze": 2, "head_lr": 1e-4},
            {},
            "strategy Last stages instead of Full, frozen stages 2 instead of 0, head rate 0.0001 instead of 0.001",
        ),
        ({"unfreeze": "3:0"}, {}, "unfreeze 3:0 instead of none"),
        ({"deterministic": True}, {}, "deterministic on instead of off"),
        ({"data": "clipart"}, {}, "target Clip art instead of Photos"),
        (
            {"epochs": 3, "batch_size": 7, "dropout": 0.1, "seed": 5, "patience": 9, "weight_decay": 0.0},
            {},
            "epochs 3 instead of",
        ),
    ],
)
def test_what_differs_is_named(form: dict[str, Any], run: dict[str, Any], words: str) -> None:
    found = told(form, run)
    assert found.startswith(words) if words else found == ""


def test_the_most_telling_come_first_and_the_rest_is_counted() -> None:
    found = told({"epochs": 3, "batch_size": 7, "dropout": 0.1, "seed": 5, "patience": 9, "strategy": "two_phase"}, {})
    assert found.startswith("strategy Two phases instead of Full, ")
    assert found.endswith(", and 2 more")


def test_depths_of_two_networks_are_not_compared() -> None:
    form = configure("tf_efficientnet_lite0", "photos", "full", freeze=1)
    run = configure("squeezenet1_1", "photos", "full", freeze=3)
    assert next(iter(plan_difference(form, STAGES[:3], run, STAGES))) == "model"
    assert "freeze" not in plan_difference(form, STAGES[:3], run, STAGES)
