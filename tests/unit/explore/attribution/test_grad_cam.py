"""Grad-CAM is its formula at every stage, from one pass."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from tests.unit.explore.conftest import inputs_of
from tlviz import vision
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.methods import Method
from tlviz.models.load import Network


def test_grad_cam_is_the_formula(relu_net: Network, picture: Pixels) -> None:
    with torch.no_grad():
        maps = torch.relu(relu_net.module.conv(inputs_of(relu_net, picture)))[0]
    weights = relu_net.module.fc.weight[2].detach() / 256  # the mean of the gradient of a mean over 256 positions
    raw = (weights[:, None, None] * maps).sum(0)
    found = attribute(relu_net, picture, Method.GRAD_CAM, target=2, stage="act")
    np.testing.assert_allclose(found.stage_map, raw, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(found.map, raw.clamp(min=0), rtol=1e-4, atol=1e-8)


def test_one_sweep_of_grad_cam_equals_captums_layer_by_layer(tiny: Network, picture: Pixels) -> None:
    swept = sweep(tiny, picture, Method.GRAD_CAM, target=1)
    assert list(swept) == ["stem", "block1", "block2"]
    for name, found in swept.items():
        layer = vision.captum().LayerGradCam(tiny.module, tiny.module.get_submodule(name))
        expected = layer.attribute(inputs_of(tiny, picture), target=1).detach()
        np.testing.assert_allclose(found.stage_map, expected[0, 0], rtol=1e-3, atol=1e-7)
        over = functional.interpolate(expected.relu(), size=16, mode="bilinear")[0, 0]
        np.testing.assert_allclose(found.map, over, rtol=1e-3, atol=1e-7)
        np.testing.assert_array_equal(found.map, attribute(tiny, picture, Method.GRAD_CAM, target=1, stage=name).map)


def test_one_pass_serves_all_stages(tiny: Network, picture: Pixels) -> None:
    passes = []
    handle = tiny.module.register_forward_hook(lambda *_: passes.append(1))
    sweep(tiny, picture, Method.GRAD_CAM)
    handle.remove()
    assert len(passes) == 1


def test_token_grad_cam_reads_where_the_patches_still_matter(token_net: Network, picture: Pixels) -> None:
    from tlviz.explore.attribution.context import to_inputs

    found = attribute(token_net, picture, Method.TOKEN_GRAD_CAM, target=1)
    tokens = token_net.module.patch(to_inputs(token_net, picture)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(token_net.module.fc(token_net.module.block(tokens)[:, 0])[0, 1], tokens)
    raw = (tokens[0, 1:] * gradient[0, 1:].mean(0)).sum(1).reshape(4, 4)
    np.testing.assert_allclose(found.stage_map, raw.detach(), rtol=1e-4, atol=1e-8)
    assert found.stage == "block"
    assert "patch" in found.note
