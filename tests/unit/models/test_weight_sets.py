"""Sets of weights are found wherever they lie, and of several complete ones none is taken unsaid."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tlviz.errors import BadSettingError
from tlviz.models.pickled import Made, Named
from tlviz.models.weight_sets import SeveralSetsError, WeightSet, around, choose_set, find_sets, weight_groups

NAMES = ("stem.weight", "stem.bias", "bn.running_mean", "bn.num_batches_tracked", "fc.weight", "fc.bias")


def weights(value: float = 0.0, without: str = "none") -> dict[str, Any]:
    return {name: torch.full((2,), value) for name in NAMES if without not in name}


def prefixed(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def chosen(content: Any, key: str = "") -> tuple[WeightSet | None, str]:
    return choose_set("file.pt", find_sets(content, set(NAMES)), set(NAMES), key)


SET = Named("builtins", "set")
RAW, EMA = weights(0), weights(1)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (EMA, ""),
        ({"state": {"ema": EMA}}, "state.ema"),
        ({"a": {"b": {"c": {"d": {"e": EMA}}}}}, "a.b.c.d.e"),
        ({"state_dict": prefixed(EMA, "model.") | {"criterion.weight": torch.ones(3)}}, "state_dict.model"),
        (prefixed(EMA, "module._orig_mod.model."), "module._orig_mod.model"),
        ({"networks": [{"weights": EMA}]}, "networks.0.weights"),
        ({"state_dict": RAW, "state_dict_ema": EMA}, "state_dict_ema"),
        ({"model": RAW, "model_ema": prefixed(EMA, "module.")}, "model_ema.module"),
        ({"model": RAW, "ema_state_dict": EMA}, "ema_state_dict"),
        ({"model": RAW, "EMA": EMA}, "EMA"),
        ({"model": RAW, "modelEma": EMA}, "modelEma"),
        ({"model": RAW, "averaged_model": EMA}, "averaged_model"),
        ({"model": RAW, "swa_model": EMA}, "swa_model"),
        ({"state": {"raw": RAW, "shadow": EMA}}, "state.shadow"),
        ({"state_dict": RAW, "callbacks": {"EMAWeights": {"weights": EMA}}}, "callbacks.EMAWeights.weights"),
        ({"state_dict": prefixed(RAW, "model.") | prefixed(EMA, "ema_model.")}, "state_dict.ema_model"),
    ],
)
def test_where_weights_lie(content: Any, key: str) -> None:
    found, said = chosen(content)
    assert found is not None
    assert found.key == key
    assert float(found.tensors["fc.bias"][0]) == 1
    assert ("averaged weights" in said) == any(value is RAW["fc.bias"] for value in _all(content))
    assert chosen(content, key or "")[0] == found


def _all(content: Any) -> list[Any]:
    if isinstance(content, dict | list):
        inside = content.values() if isinstance(content, dict) else content
        return [leaf for part in inside for leaf in _all(part)]
    return [content]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ({"student": RAW, "teacher": EMA}, ("student", "teacher")),
        ({"state": {"best": RAW, "last": EMA}}, ("state.best", "state.last")),
        (prefixed(RAW, "student.") | prefixed(EMA, "teacher."), ("student", "teacher")),
        ({"ema1": RAW, "ema_2": EMA, "model": weights(2)}, ("ema1", "ema_2", "model")),
        ({"gemma": RAW, "seismic": EMA}, ("gemma", "seismic")),
    ],
)
def test_of_several_complete_sets_a_person_chooses(content: Any, keys: tuple[str, ...]) -> None:
    if "ema1" in keys:
        content = {"ema_1": content["ema1"], "ema_2": content["ema_2"], "model": content["model"]}
        keys = ("ema_1", "ema_2", "model")
    with pytest.raises(SeveralSetsError, match="choose one with --weights-key") as caught:
        chosen(content)
    assert sorted(caught.value.keys) == sorted(keys)
    for key in keys:
        found, said = chosen(content, key.replace(".", "/"))
        assert found is not None
        assert (found.key, said) == (key, "")


def test_equal_sets_are_one() -> None:
    found, said = chosen({"model": RAW, "best": {name: value.clone() for name, value in RAW.items()}})
    assert found is not None
    assert (found.key, said) == ("model", "")


def test_an_averaged_set_without_statistics_is_named_and_not_taken() -> None:
    found, said = chosen({"model": RAW, "ema": weights(1, without="running")})
    assert found is not None
    assert found.key == "model"
    assert said == "The averaged weights 'ema' are not taken: they lack 1 tensors (bn.running_mean …)."


def test_counters_do_not_make_a_set_complete() -> None:
    found, _ = chosen({"model": RAW, "ema": weights(1, without="tracked")})
    assert found is not None
    assert found.key == "ema"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(BadSettingError, match="no weights called 'x'; it has 'model'"):
        chosen({"model": RAW}, "x")
    with pytest.raises(BadSettingError, match="none that fits"):
        chosen({}, "x")
    assert chosen({}) == (None, "")


def test_a_network_saved_whole_has_the_names_of_its_state_dict() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)))
    network.register_buffer("hidden", torch.ones(1), persistent=False)

    def described(module: nn.Module) -> Made:
        state: dict[str, Any] = {
            "_parameters": dict(module._parameters),
            "_buffers": dict(module._buffers),
            "_non_persistent_buffers_set": Made(SET, members=list(module._non_persistent_buffers_set)),
            "_modules": {name: described(child) for name, child in module.named_children()},
        }
        return Made(Named("torch.nn", "Module"), states=[state])

    groups = list(weight_groups({"net": described(network)}))
    assert [path for path, _ in groups] == [("net",)]
    assert groups[0][1].keys() == network.state_dict().keys()


def test_what_stands_around_a_set() -> None:
    content = {"sd": prefixed(RAW, "backbone.") | {"head.weight": torch.ones(1)}}
    found, _ = chosen(content)
    assert around(content, found).keys() == {"head.weight"}
    assert around(content, None) == {}
