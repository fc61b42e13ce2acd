"""A stage opened to its layers: every map, in order, and nothing that is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.errors import BadWeightsError, UnknownNameError
from tlviz.explore.maps.feature_maps import Order, channel_numbers, extract_feature_maps, pick_channels, silent_channels
from tlviz.explore.maps.layers import layer_paths, look_inside
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout, ModelSpec

PIXELS = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)


def test_layers_are_as_computed_by_hand(tiny: Network) -> None:
    inside = look_inside(tiny, PIXELS, "stem")
    assert list(inside.maps) == ["stem.0", "stem.1", "stem.2"], "the stage itself repeats its last layer"
    with torch.no_grad():
        value = normalise(torch.from_numpy(PIXELS)[None], tiny.spec.preprocessing)
        for path in inside.maps:
            value = tiny.module.get_submodule(path)(value.clone())
            np.testing.assert_allclose(inside.maps[path], value[0].numpy(), rtol=1e-5, atol=1e-6)
            value = value.clone()
    assert layer_paths(tiny)["stem"] == tuple(inside.maps)
    alone = look_inside(tiny, PIXELS, "stem", "stem.1").maps
    assert list(alone) == ["stem.1"]
    np.testing.assert_array_equal(alone["stem.1"], inside.maps["stem.1"])
    assert inside.maps["stem.1"].min() < 0, "not rectified by the in-place ReLU that follows"
    assert not any(layer._forward_hooks for layer in tiny.module.modules())


class Attention(nn.Module):
    """A block of tokens in which an attention matrix, a score and a number are made besides."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Softmax(-1)
        self.same = nn.Identity()
        self.out = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = self.matrix(x[:, None] @ x[:, None].transpose(2, 3))
        result: torch.Tensor = self.out(self.same(weights[:, 0] @ x)) + x
        return result


def sized(network: Network, side: int) -> ModelSpec:
    return replace(network.spec, preprocessing=replace(network.spec.preprocessing, size=side))


def test_attention_matrices_and_identities_are_no_maps(tiny: Network) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 4, 8, stride=8)
            self.block = Attention()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            result: torch.Tensor = self.block(tokens)
            return result

    stage = replace(tiny.stages[0], name="block", modules=("block",), layout=Layout.TOKENS)
    network = replace(tiny, module=Net().eval(), stages=(stage, tiny.stages[-1]))
    inside = look_inside(network, PIXELS, "block")
    assert list(inside.maps) == ["block.same", "block.out", "block"]
    assert layer_paths(replace(network, spec=sized(tiny, 32))) == {"block": ("block.same", "block.out", "block")}
    assert {maps.shape for maps in inside.maps.values()} == {(4, 4, 4)}
    assert set(inside.layouts.values()) == {Layout.TOKENS}


def test_an_unknown_stage_is_one_sentence(tiny: Network) -> None:
    with pytest.raises(UnknownNameError, match=r"no layer called 'stem\.9'"):
        look_inside(tiny, PIXELS, "stem", "stem.9")
    with pytest.raises(UnknownNameError, match="no stage called 'stm'; try one of: stem"):
        look_inside(tiny, PIXELS, "stm")


def test_weights_that_are_no_numbers_are_named_with_their_stage(tiny: Network) -> None:
    with torch.no_grad():
        tiny.module.block1[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(BadWeightsError, match="not finite from block1 on"):
        extract_feature_maps(tiny, PIXELS)


def test_silent_channels_are_told() -> None:
    maps = np.array([[[0.0, 0.0]], [[0.0, 1.0]], [[3.0, 3.0]]], np.float32)
    assert silent_channels(maps).tolist() == [True, False, True]
    assert silent_channels(np.array([[[0.0]], [[2.0]]], np.float32)).tolist() == [True, False]
    rows = channel_numbers("x", maps)
    assert [(row["channel"], row["mean"], row["silent"]) for row in rows] == [
        (0, 0, True),
        (1, 0.5, False),
        (2, 3, True),
    ]


def test_named_channels_are_taken_as_named() -> None:
    maps = np.zeros((5, 2, 2), np.float32)
    assert pick_channels(maps, Order.CHOSEN, 2, (3, 9, 1, 0)).tolist() == [3, 1, 0]
    assert len(pick_channels(maps, Order.STRONGEST, 2)) == 2
