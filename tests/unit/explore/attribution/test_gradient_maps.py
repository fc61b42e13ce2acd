"""Maps of gradients equal their formulas on networks small enough for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.unit.explore.conftest import gradient_of, inputs_of
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution import context, gradient_maps
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.methods import Baseline, Method
from tlviz.models.load import Network


def test_saliency_and_input_x_gradient_are_the_formulas(relu_net: Network, picture: Pixels) -> None:
    gradient = gradient_of(relu_net, picture, 1)
    found = attribute(relu_net, picture, Method.SALIENCY, target=1)
    np.testing.assert_allclose(found.map, gradient.abs().sum(0), rtol=1e-4, atol=1e-9)
    product = attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=1)
    np.testing.assert_allclose(product.map, (gradient * inputs_of(relu_net, picture)[0]).sum(0), rtol=1e-4, atol=1e-8)
    logits = relu_net.module(inputs_of(relu_net, picture))[0]
    assert (product.score, product.target) == (pytest.approx(logits[1].item(), rel=1e-5), 1)


def test_input_x_gradient_of_a_linear_network_is_exact(linear_net: Network, picture: Pixels) -> None:
    found = attribute(linear_net, picture, Method.INPUT_X_GRADIENT, target=2)
    weights = linear_net.module.fc.weight[2].detach().reshape(3, 16, 16)
    np.testing.assert_allclose(found.map, (weights * inputs_of(linear_net, picture)[0]).sum(0), rtol=1e-4, atol=1e-6)
    assert found.gap == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("baseline", Baseline)
def test_integrated_gradients_add_up(
    linear_net: Network, relu_net: Network, picture: Pixels, baseline: Baseline
) -> None:
    for network, tolerance in ((linear_net, 1e-4), (relu_net, 2e-4)):
        found = attribute(network, picture, Method.INTEGRATED_GRADIENTS, target=1, baseline=baseline)
        blank = context.blank_like(inputs_of(network, picture), network, baseline)
        difference = found.score - network.module(blank)[0, 1].item()
        assert found.map.sum() == pytest.approx(difference, abs=tolerance)
        assert found.gap == pytest.approx(abs(found.map.sum() - difference) / abs(difference), abs=1e-3)


@pytest.mark.parametrize(("steps", "tolerance"), [(32, 0.05), (400, 0.003)])
def test_conductance_adds_up_at_every_stage(
    tiny: Network, picture: Pixels, steps: int, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradient_maps, "STEPS", steps)
    black = Baseline.BLACK
    whole = attribute(tiny, picture, Method.INTEGRATED_GRADIENTS, target=1, baseline=black)
    blank = context.blank_like(inputs_of(tiny, picture), tiny, black)
    difference = whole.score - tiny.module(blank)[0, 1].item()
    for found in sweep(tiny, picture, Method.INTEGRATED_GRADIENTS, target=1, baseline=black).values():
        assert found.stage_map.sum() == pytest.approx(difference, rel=tolerance)
        assert found.gap == pytest.approx(abs(found.stage_map.sum() - difference) / abs(difference), abs=1e-4)
        assert found.gap <= tolerance


def test_conductance_tells_what_it_misses(relu_net: Network, picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a single step from the baseline to the picture, the gap is that of the trapezoid, computed by hand."""
    monkeypatch.setattr(gradient_maps, "STEPS", 1)
    found = sweep(relu_net, picture, Method.INTEGRATED_GRADIENTS, target=1, baseline=Baseline.BLACK)["conv"]
    inputs = inputs_of(relu_net, picture)
    ends = torch.cat([context.blank_like(inputs, relu_net, Baseline.BLACK), inputs])
    hidden = relu_net.module.conv(ends).detach().requires_grad_()
    scores = relu_net.module.fc(hidden.relu().mean((2, 3)))[:, 1]
    (gradients,) = torch.autograd.grad(scores.sum(), hidden)
    total = (gradients.mean(0) * (hidden[1] - hidden[0])).sum().item()
    difference = (scores[1] - scores[0]).item()
    assert found.gap == pytest.approx(abs(total - difference) / abs(difference), rel=1e-3)
    assert found.gap > 0.01


def test_at_a_stage_only_what_promises_to_add_up_has_a_gap(
    linear_net: Network, picture: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradient_maps, "SHAP_NOISE", 0.0)
    for method in Method.INTEGRATED_GRADIENTS, Method.GRADIENT_SHAP:
        assert sweep(linear_net, picture, method, target=1)["keep"].gap == pytest.approx(0, abs=1e-4)
    for method in Method.SALIENCY, Method.SMOOTHGRAD, Method.INPUT_X_GRADIENT:
        assert sweep(linear_net, picture, method, target=1)["keep"].gap is None


def test_smoothgrad_is_noise_tunnels_mean_of_gradients(relu_net: Network, picture: Pixels) -> None:
    inputs = inputs_of(relu_net, picture)
    generator = torch.Generator().manual_seed(5)
    spread = gradient_maps.SMOOTHGRAD_NOISE * (inputs.max() - inputs.min())
    total = torch.zeros(3, 16, 16)
    for _ in range(24):
        noisy = (inputs + torch.randn((1, 3, 16, 16), generator=generator) * spread).requires_grad_()
        (gradient,) = torch.autograd.grad(relu_net.module(noisy)[0, 0], noisy)
        total += gradient[0] / 24
    found = attribute(relu_net, picture, Method.SMOOTHGRAD, target=0, seed=5)
    np.testing.assert_allclose(found.map, total.abs().sum(0), rtol=1e-3, atol=1e-8)


def test_gradient_shap_of_a_linear_network_is_the_mean_over_its_baselines(
    linear_net: Network, picture: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradient_maps, "SHAP_NOISE", 0.0)
    inputs = inputs_of(linear_net, picture)
    blanks = torch.cat([context.blank_like(inputs, linear_net, kind) for kind in Baseline])
    weights = linear_net.module.fc.weight[1].detach().reshape(3, 16, 16)
    found = attribute(linear_net, picture, Method.GRADIENT_SHAP, target=1)
    np.testing.assert_allclose(found.map, (weights * (inputs[0] - blanks.mean(0))).sum(0), rtol=1e-3, atol=1e-5)
    assert found.gap == pytest.approx(0, abs=1e-4)


def test_guided_backprop_drops_negative_gradients_at_the_relu(relu_net: Network, picture: Pixels) -> None:
    module = relu_net.module
    inputs = inputs_of(relu_net, picture).requires_grad_()
    hidden = module.conv(inputs)
    weights = module.fc.weight[0].detach().clamp(min=0) / 256  # what speaks against is dropped, what is off too
    back = (hidden > 0).float() * weights[:, None, None]
    (expected,) = torch.autograd.grad(hidden, inputs, back)
    found = attribute(relu_net, picture, Method.GUIDED_BACKPROP, target=0)
    np.testing.assert_allclose(found.map, expected[0].sum(0), rtol=1e-4, atol=1e-9)
    assert not np.allclose(found.map, gradient_of(relu_net, picture, 0).sum(0), atol=1e-6)


def test_deeplift_adds_up_on_a_relu_net(relu_net: Network, picture: Pixels) -> None:
    found = attribute(relu_net, picture, Method.DEEPLIFT, target=0)
    assert found.gap == pytest.approx(0, abs=1e-3)
    assert not any("input" in vars(layer) or "output" in vars(layer) for layer in relu_net.module.modules())


def test_layer_gradients_are_activation_times_gradient(relu_net: Network, picture: Pixels) -> None:
    maps = torch.relu(relu_net.module.conv(inputs_of(relu_net, picture)))[0].detach()
    weights = relu_net.module.fc.weight[1].detach() / 256
    found = sweep(relu_net, picture, Method.INPUT_X_GRADIENT, target=1)["act"]
    np.testing.assert_allclose(found.stage_map, (weights[:, None, None] * maps).sum(0), rtol=1e-4, atol=1e-8)
