"""What looking inside promises of every architecture, frozen: maps, fields, and attributions or why not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.contract.test_architectures import LARGE, SMALL_SIDE, TIMM, TORCHVISION
from tlviz.explore.attribution.activations import map_stages
from tlviz.explore.attribution.applicability import unavailable
from tlviz.explore.attribution.attributions import sweep
from tlviz.explore.attribution.methods import METHODS, Method
from tlviz.explore.maps.feature_maps import extract_feature_maps
from tlviz.explore.maps.layers import layer_paths, look_inside
from tlviz.explore.maps.receptive_field import receptive_field
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target

ORDINARY = (
    *("resnet18", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnextv2_atto"),
    *("deit_tiny_distilled_patch16_224", "xcit_nano_12_p16_224"),
)
"""Seven that stand for the rest in the ordinary test command."""


def names() -> Iterator[object]:
    for name in dict.fromkeys([*ORDINARY, *TORCHVISION, *TIMM]):
        if find_model(name).parameters <= LARGE:
            yield name if name in ORDINARY else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", names())
def test_it_can_be_looked_into(name: str) -> None:
    spec = find_model(name)
    side = next((side for side in range(SMALL_SIDE, 2 * SMALL_SIDE) if spec.takes(side)), spec.preprocessing.size)
    network = build_for_target(spec, ("a", "b", "c"), pretrained=False, seed=0, size=side)
    network.module.requires_grad_(False)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)

    seen = extract_feature_maps(network, pixels)
    assert set(seen.maps) >= {stage.name for stage in map_stages(network)}
    assert all(np.isfinite(maps).all() for maps in seen.maps.values())

    for stage, paths in layer_paths(network).items():
        for path in paths[:1]:
            assert look_inside(network, pixels, stage, path).maps[path].ndim == 3

    refused = unavailable(network)
    for answer in refused.values():
        assert answer.nearest not in refused
    for method in (Method.GRAD_CAM, Method.TOKEN_GRAD_CAM, Method.INPUT_X_GRADIENT, Method.ATTENTION_ROLLOUT):
        if method not in refused and METHODS[method].sweeps and map_stages(network):
            maps = sweep(network, pixels, method)
            assert maps
            assert all(found.map.shape == (side, side) for found in maps.values())

    for stage in map_stages(network)[:1]:
        height, width = seen.maps[stage.name].shape[1:]
        field = receptive_field(network, pixels, stage.modules[-1], stage.layout, height // 2, width // 2)
        assert field.box is not None
        assert field.heat.max() == 1
    assert not any(layer._forward_hooks or layer._backward_hooks for layer in network.module.modules())
    assert not network.module.training
