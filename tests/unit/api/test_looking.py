"""Looking in Python: the numbers of the functions below, a picture from anywhere, mistakes in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tlviz
from tests.app.finished import finished_run
from tlviz.api.networks import LoadedNetwork
from tlviz.explore.attribution.attributions import sweep
from tlviz.explore.attribution.methods import Method
from tlviz.explore.maps.feature_maps import extract_feature_maps
from tlviz.models.load import Network


def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)


def test_maps_of_an_array_are_those_of_the_network(tiny: Network) -> None:
    found = tlviz.feature_maps(LoadedNetwork(tiny), picture=picture(), progress=False)
    wanted = extract_feature_maps(tiny, picture())
    assert found.guesses == wanted.guesses
    assert all((found.maps[name] == maps).all() for name, maps in wanted.maps.items())
    assert len(found.table()) == sum(map(len, wanted.maps.values()))
    assert found.figure().layout.images
    place = tiny.stages[1].name
    assert found.field(place, 2, 2).heat.shape == (32, 32)
    one = tlviz.feature_maps(LoadedNetwork(tiny), picture=picture(), stage=place)
    assert set(one.maps) == {place}


def test_an_answer_at_a_stage_is_that_of_the_sweep(tiny: Network) -> None:
    stage = tiny.stages[1].name
    for method in (Method.GRAD_CAM, Method.SALIENCY):
        found = tlviz.attribute(
            LoadedNetwork(tiny), picture=picture(), method=method, class_name="green", stage=stage, progress=False
        )
        assert (found.map == sweep(tiny, picture(), method, target=1)[stage].map).all()
        assert found.answer == "green"
        assert found.table()["share of the map"].sum() == pytest.approx(1, abs=1e-6) or not found.map.any()


def test_a_file_is_seen_as_it_is_uploaded(tmp_path: Path) -> None:
    file = tmp_path / "it's mine 🐈.png"
    Image.fromarray(picture()).resize((300, 200)).save(file)
    found = tlviz.feature_maps("squeezenet1_1", picture=file, progress=False)
    assert found.pixels.shape == (224, 224, 3)


def test_a_run_sees_the_same_picture() -> None:
    run = finished_run("full", moved="fire5", size=64)
    before = tlviz.feature_maps("squeezenet1_1", picture=np.zeros((64, 64, 3), np.uint8))
    after = tlviz.feature_maps("squeezenet1_1", picture=np.zeros((64, 64, 3), np.uint8), run=run.name)
    assert (before.maps["fire4"] == after.maps["fire4"]).all()
    assert not (before.maps["fire5"] == after.maps["fire5"]).all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"picture": "nowhere.png"}, "nowhere.png"),
        ({"picture": np.zeros((4, 5, 3), np.uint8)}, "must be uint8"),
        ({"picture": np.zeros((8, 8, 3), np.uint8), "stage": "fire99"}, "no stage called 'fire99'"),
        ({"picture": np.zeros((8, 8, 3), np.uint8), "layer": "x"}, "needs the stage"),
        ({}, "no picture to look at"),
        ({"picture": np.zeros((8, 8, 3), np.uint8), "run": "nothing"}, "no run called 'nothing'"),
    ],
)
def test_a_mistake_is_one_sentence(tiny: Network, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(tlviz.TlvizError, match=words):
        tlviz.feature_maps(LoadedNetwork(tiny), **asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"method": "magic"}, "no method called 'magic'"),
        ({"class_name": "purple"}, "no class of the network called 'purple'"),
        ({"class_name": 99}, "99"),
        ({"baseline": "pink"}, "no baseline called 'pink'"),
        ({"method": "attention_rollout"}, "nearest method"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_sentence(tiny: Network, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(tlviz.TlvizError, match=words):
        tlviz.attribute(LoadedNetwork(tiny), picture=picture(), progress=False, **asked)
