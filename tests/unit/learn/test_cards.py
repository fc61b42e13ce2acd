"""A card's file is checked, and each mistake is one sentence that says where and what to change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.unit.learn.made import VALUES, made_card
from tlviz.errors import BadLessonError
from tlviz.learn.cards import make_card


def test_a_card_has_its_runs_for_every_seed() -> None:
    configs, labels = made_card().experiments[0].configs((0, 1))
    assert labels == ("Head", "All", "Head", "All")
    assert [(c.strategy, c.seed, c.image_size, c.epochs) for c in configs] == [
        ("head_only", 0, 64, 1), ("full", 0, 64, 1), ("head_only", 1, 64, 1), ("full", 1, 64, 1)
    ]  # fmt: skip
    assert made_card().experiments[0].here == (0,)
    assert made_card().subject == "squeezenet1_1 on photos"


def changed(*path: Any, to: Any) -> dict[str, Any]:
    values = deepcopy(VALUES)
    part: Any = values
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = to
    return values


RUN = ("experiments", 0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "must hold lines"),
        (changed("name", to="My Card"), "use a-z, 0-9"),
        (changed("name", to=7), "write words"),
        (changed("order", to="first"), "write a number"),
        (changed("order", to=float("nan")), "write a number"),
        (changed("claims", to="x"), "unknown field 'claims'; did you mean 'claim'"),
        (changed("claim", to=" "), "must have 1 to"),
        (changed("experiments", to=[]), "no experiment"),
        (changed("experiments", to=VALUES["experiments"] * 2), "stands twice"),
        (changed(*RUN, "kind", to="view"), "it can be race, profile"),
        (changed(*RUN, "kind", to="profile"), "only a race has runs"),
        (changed(*RUN, "settings", "epochs", to=0), "cannot be run: epochs is 0"),
        (changed(*RUN, "settings", "epochs", to=[1]), "experiment 1 of made.yaml"),
        (changed(*RUN, "settings", "device", to="cuda"), "unknown field 'device'"),
        (changed(*RUN, "runs", "Head", to={"strategy": "hed_only"}), "no strategy called 'hed_only'"),
        (changed(*RUN, "runs", "Head", to="head_only"), "must hold lines"),
        (changed(*RUN, "runs", to={}), "1 to 30 runs"),
        (changed(*RUN, "seeds", to=[0, 0]), "stands twice"),
        (changed(*RUN, "seeds", to=[-1]), "whole numbers from 0 on"),
        (changed(*RUN, "model", to="resnet5"), "no network called 'resnet5'"),
        (changed("shows", to=[]), "shows no number"),
        (changed("shows", to=["accuracy"]), "names 'accuracy'; it can be val_accuracy"),
        (changed("checks", to=[]), "has no check"),
        (changed("checks", 0, "first", to="Feet"), "photos has Head, All"),
        (changed("checks", 0, "in", to="clipart"), "this card has photos"),
        (changed("checks", 0, "at_most", to=1), "either 'at_least' or 'at_most'"),
        (changed("links", 0, "page", to="home"), "it can be overview"),
        (changed("words", to=[1]), "must be a list of words"),
    ],
)
def test_a_mistake_is_one_sentence(values: Any, said: str) -> None:
    with pytest.raises(BadLessonError) as found:
        make_card(values, "made.yaml")
    assert said in str(found.value)
    assert "made.yaml" in str(found.value)
    assert "\n" not in str(found.value)
