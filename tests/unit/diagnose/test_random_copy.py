"""A random copy has the stages of its network, weights of its own, and settled statistics."""

from __future__ import annotations

import torch

from tlviz.data.images import ImageSet
from tlviz.diagnose.random_copy import random_copy, settle_batchnorms
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.batchnorm import batchnorms
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network


def test_settled_batchnorms_hold_the_images_own_statistics(tiny: Network, colours: ImageSet) -> None:
    settle_batchnorms(tiny, colours.pixels)
    assert not tiny.module.training
    assert [layer.momentum for layer in batchnorms(tiny.module)] == [0.1, 0.1, 0.1]
    shifts = run_stages(tiny, colours.pixels, seed=0).shifts
    assert max(shift.distance for shift in shifts.values()) < 0.05


def test_a_random_copy_shares_the_stages_but_not_the_weights() -> None:
    network = load_network(find_model("squeezenet1_1"))
    first, again, other = (random_copy(network, 64, seed) for seed in (0, 0, 1))
    assert [stage.name for stage in first.stages] == [stage.name for stage in network.stages]
    name = "features.0.weight"
    assert torch.equal(first.module.state_dict()[name], again.module.state_dict()[name])
    assert not torch.equal(first.module.state_dict()[name], other.module.state_dict()[name])
    assert not torch.equal(first.module.state_dict()[name], network.module.state_dict()[name])
