"""How hard a target pulls at each stage."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.diagnose.stage_gradients import stage_gradients
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.load import Network


def test_relative_gradients_fall_where_weights_are_scaled_up(tiny: Network, colours: ImageSet) -> None:
    """BatchNorm behind it makes the output indifferent to the scale, so |gradient| / |weight| falls by its square."""
    features = run_stages(tiny, colours.pixels).features["block2"]
    tiny.module.stem[1].train(False)
    before = stage_gradients(tiny, colours.pixels, features, colours.labels)
    state = {name: value.clone() for name, value in tiny.module.state_dict().items()}
    assert max(before) == 1
    larger = copy.deepcopy(tiny.module)
    with torch.no_grad():
        larger.block1[0].weight *= 10
        larger.block1[0].bias *= 10
        larger.block1[1].running_mean *= 10
        larger.block1[1].running_var.copy_((larger.block1[1].running_var + 1e-5) * 100 - 1e-5)
    after = stage_gradients(replace(tiny, module=larger), colours.pixels, features, colours.labels)
    assert after[1] / after[2] == pytest.approx(before[1] / before[2] / 100, rel=0.01)
    assert all(torch.equal(value, state[name]) for name, value in tiny.module.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in tiny.module.parameters())
