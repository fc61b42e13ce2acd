"""First-layer filters as pictures: grey is zero, and only where the layer sees red, green and blue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.explore.channels.filters import filter_pictures, first_weights
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, architecture_stages, load_network


def test_a_filter_is_its_weights_with_grey_for_zero(tiny: Network) -> None:
    with torch.no_grad():
        weight = tiny.module.stem[0].weight
        weight[0] = 0
        weight[0, 0, 1, 2], weight[0, 2, 0, 0] = 0.5, -0.25
        weight[1] = 0
    weights = first_weights(tiny)
    assert weights is not None
    pictures = filter_pictures(weights)
    assert pictures.shape == (4, 3, 3, 3)
    assert pictures[0, 1, 2].tolist() == [255, 128, 128]
    assert pictures[0, 0, 0].tolist() == [128, 128, 64]
    assert (pictures[1] == 128).all()


def test_none_where_the_channels_are_not_filters_of_the_picture(tiny: Network) -> None:
    whole = nn.Sequential(tiny.module.stem, tiny.module.block1)
    two = replace(tiny, module=nn.Sequential(whole, tiny.module.block2),
                  stages=(replace(tiny.stages[0], modules=("0",), channels=6), *tiny.stages[2:]))  # fmt: skip
    assert first_weights(two) is None
    tiny.module.stem[0] = nn.Conv2d(4, 4, 1)
    assert first_weights(tiny) is None


@pytest.mark.parametrize(("name", "count", "side"), [("squeezenet1_1", 64, 3), ("tf_efficientnet_lite0", 32, 3)])
def test_both_bundled_networks_have_filters(name: str, count: int, side: int) -> None:
    weights = first_weights(load_network(find_model(name)))
    assert weights is not None
    pictures = filter_pictures(weights)
    assert pictures.shape == (count, side, side, 3)
    assert pictures.max() == 255 or pictures.min() == 1
    assert (np.ptp(pictures.reshape(count, -1), 1) > 0).sum() >= count - 2  # Lite0 has two filters of zeros


def test_patch_embeddings_are_filters_too(tiny: Network) -> None:
    from tlviz.models.build import build_module

    spec = find_model("vit_b_16")
    module = build_module(spec, 10, initialise=False)
    nn.init.normal_(module.conv_proj.weight, generator=torch.Generator().manual_seed(0))
    weights = first_weights(replace(tiny, module=module, stages=architecture_stages(spec, 10)))
    assert weights is not None
    assert filter_pictures(weights).shape == (768, 16, 16, 3)
