"""A tile is the sum of its inputs under their filters: known answers, and every kind of convolution that ships."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.painted import paint
from tlviz.explore.maps.feature_maps import Map, extract_feature_maps
from tlviz.explore.maps.layers import look_inside
from tlviz.explore.maps.made_of import MadeOf, made_of
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network


def whole(found: MadeOf) -> Map:
    return np.sum([term.product for term in found.terms], axis=0) + found.others + found.bias


def test_two_inputs_and_their_filters_are_computed_by_hand() -> None:
    conv = nn.Conv2d(2, 1, 3, padding=1)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[0, 0, 1, 1] = 2.0
        conv.weight[0, 1, 1, 0] = -1.0
        conv.bias.fill_(0.5)
    inputs = torch.arange(18, dtype=torch.float32).reshape(2, 3, 3)
    from tlviz.explore.maps.made_of import _take_apart

    output = conv(inputs[None])[0].detach()
    found = _take_apart("conv", conv, inputs, output, 0, output[0].numpy(), 6)
    assert found is not None
    assert [term.channel for term in found.terms] == [1, 0]
    assert np.array_equal(found.terms[1].product, 2 * inputs[0].numpy())
    left = np.pad(inputs[1].numpy(), ((0, 0), (1, 0)))[:, :3]
    assert np.array_equal(found.terms[0].product, -left)
    assert np.array_equal(whole(found), 2 * inputs[0].numpy() - left + 0.5)
    assert found.after is None
    assert found.bias == 0.5


@pytest.fixture(scope="module")
def squeezenet() -> Network:
    return load_network(find_model("squeezenet1_1"))


@pytest.mark.parametrize(("stage", "channel"), [("fire2", 3), ("fire2", 100), ("fire9", 300)])
def test_a_stages_tile_is_the_sum_of_its_inputs_to_the_bits(squeezenet: Network, stage: str, channel: int) -> None:
    pixels = np.asarray(paint(3, 224, 224))
    shown = extract_feature_maps(squeezenet, pixels).maps[stage][channel]
    found = made_of(squeezenet, pixels, stage, channel, shown, most=4)
    assert found is not None
    largest = np.abs(found.total).max()
    assert np.abs(whole(found) - found.total).max() <= 1e-5 * max(1, largest)
    assert found.terms[0].filter.ndim == 2
    assert np.allclose(np.maximum(found.total, 0), shown, atol=1e-5)
    strengths = [np.abs(term.product).mean() for term in found.terms]
    assert strengths == sorted(strengths, reverse=True)
    assert found.inputs in (16, 64)


def test_padding_and_groups_are_the_layers_own() -> None:
    """EfficientNet-Lite pads by itself, to the right and below, and has a group for every channel."""
    network = load_network(find_model("tf_efficientnet_lite0"))
    pixels = np.asarray(paint(4, 96, 96))
    kinds = set()
    for stage in network.stages[:2]:
        for path, maps in look_inside(network, pixels, stage.name).maps.items():
            layer = network.module.get_submodule(path)
            if isinstance(layer, nn.Conv2d):
                found = made_of(network, pixels, stage.name, 1, maps[1])
                assert found is not None
                assert (found.layer, found.channel) == (path, 1)
                assert found.inputs == layer.in_channels // layer.groups
                assert np.abs(whole(found) - maps[1]).max() <= 1e-5 * max(1, np.abs(maps[1]).max())
                kinds.add((layer.in_channels == 3, layer.groups > 1))
    assert kinds == {(True, False), (False, True), (False, False)}


def test_what_no_single_convolution_made_is_none(squeezenet: Network) -> None:
    pixels = np.asarray(paint(3, 224, 224))
    other = np.random.default_rng(0).random((55, 55)).astype(np.float32)
    assert made_of(squeezenet, pixels, "fire2", 0, other) is None
    silent = np.zeros((55, 55), np.float32)
    assert made_of(squeezenet, pixels, "fire2", 0, silent) is None


def test_the_network_is_left_as_it_was(squeezenet: Network) -> None:
    pixels = np.asarray(paint(3, 224, 224))
    before = {name: value.clone() for name, value in squeezenet.module.state_dict().items()}
    shown = extract_feature_maps(squeezenet, pixels).maps["fire2"][3]
    made_of(squeezenet, pixels, "fire2", 3, shown)
    assert not any(layer._forward_hooks for layer in squeezenet.module.modules())
    assert all(torch.equal(value, before[name]) for name, value in squeezenet.module.state_dict().items())
    again = extract_feature_maps(squeezenet, pixels).maps["fire2"][3]
    assert np.array_equal(shown, again)
