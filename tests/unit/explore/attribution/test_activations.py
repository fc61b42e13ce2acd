"""The outputs of stages and their gradients, on networks small enough to compute by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.unit.explore.conftest import stage
from tlviz.errors import TlvizError, UnknownNameError
from tlviz.explore.attribution.activations import (
    RecordedLayer,
    find_map_stage,
    map_stages,
    record_activations,
    recorded_layers,
)
from tlviz.models.load import Network
from tlviz.models.spec import Layout


def test_outputs_and_gradients_are_those_of_the_formula() -> None:
    """The second layer works in place on what the first gave: 3 x, then doubled; the score squares it."""

    class Doubled(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mul_(2)

    module = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), Doubled())
    nn.init.constant_(module[0].weight, 3)
    module.requires_grad_(False)
    layers = [RecordedLayer(stage("a", "0"), "0"), RecordedLayer(stage("b", "1"), "1")]
    with record_activations(module, layers) as seen:
        score = (module(torch.tensor([[[[1.0, -1.0]]]])) ** 2).sum()
    gradients = seen.gradients(score)
    assert seen.maps()["0"].tolist() == [[[[3, -3]]]]
    assert seen.maps()["1"].tolist() == [[[[6, -6]]]]
    assert gradients["1"].tolist() == [[[[12, -12]]]]
    assert gradients["0"].tolist() == [[[[24, -24]]]]
    assert not any(layer._forward_hooks for layer in module.modules())


def test_an_output_that_the_score_does_not_read_has_zeros() -> None:
    module = nn.ModuleDict({"read": nn.Conv2d(1, 1, 1), "left": nn.Conv2d(1, 2, 1)})
    layers = [RecordedLayer(stage(name, name), name) for name in ("left", "read")]
    with record_activations(module, layers) as seen:
        module["left"](torch.ones(1, 1, 2, 2))
        score = module["read"](torch.ones(1, 1, 2, 2)).sum()
    gradients = seen.gradients(score)
    assert list(gradients) == ["left", "read"]
    assert gradients["left"].shape == (1, 2, 2, 2)
    assert not gradients["left"].any()
    assert (gradients["read"] == 1).all()


def test_hooks_are_gone_after_a_failure() -> None:
    module = nn.Conv2d(3, 1, 1)
    with (
        pytest.raises(RuntimeError),
        record_activations(nn.Sequential(module), [RecordedLayer(stage("a", "0"), "0")]),
    ):
        module(torch.ones(1, 2, 4, 4))
    assert not module._forward_hooks


def test_stages_are_found_by_name_and_the_last_without_one(relu_net: Network) -> None:
    assert [found.name for found in map_stages(relu_net)] == ["conv", "act"]
    assert find_map_stage(relu_net, None).name == "act"
    assert find_map_stage(relu_net, "conv").name == "conv"
    with pytest.raises(UnknownNameError, match="head"):
        find_map_stage(relu_net, "head")
    flat = replace(relu_net, stages=(stage("mlp", "act", layout=Layout.FLAT), relu_net.stages[-1]))
    with pytest.raises(TlvizError, match="keeps a grid of positions"):
        find_map_stage(flat, None)


def test_of_tokens_every_block_is_recorded_of_maps_the_end(relu_net: Network) -> None:
    stages = (stage("maps", "a", "b"), stage("tokens", "c", "d", layout=Layout.TOKENS), relu_net.stages[-1])
    found = recorded_layers(replace(relu_net, stages=stages))
    assert [(layer.stage.name, layer.path) for layer in found] == [("maps", "b"), ("tokens", "c"), ("tokens", "d")]
