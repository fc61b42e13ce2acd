"""Maps equal their formulas on networks small enough for it, and whatever happens a network is left as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explore.conftest import ReluNet, Wrap, seeded
from tlviz import vision
from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError, TlvizError, UnknownNameError
from tlviz.explore.attribution import context, gradient_maps
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.methods import METHODS, Baseline, Method
from tlviz.models.load import Network, normalise

CLASS_MAPS = (Method.GRAD_CAM, Method.GUIDED_GRAD_CAM)
ON_RELU_NETS = [m for m in METHODS if m not in (Method.ATTENTION_ROLLOUT, Method.TOKEN_GRAD_CAM)]


def inputs_of(network: Network, pixels: Pixels) -> Tensor:
    return normalise(torch.from_numpy(pixels)[None], network.spec.preprocessing)


def gradient_of(network: Network, pixels: Pixels, target: int) -> Tensor:
    inputs = inputs_of(network, pixels).requires_grad_()
    network.module(inputs)[0, target].backward()
    assert inputs.grad is not None
    return inputs.grad[0]


def state(module: nn.Module) -> list[object]:
    """Return everything about a module that an attribution could leave changed."""
    return [
        (
            layer.training,
            getattr(layer, "inplace", None),
            len(layer._forward_hooks),
            len(layer._forward_pre_hooks),
            len(layer._backward_hooks),
            sorted(vars(layer)),
            [(p.requires_grad, p.grad is None, p.detach().sum().item()) for p in layer.parameters(recurse=False)],
        )
        for layer in module.modules()
    ]


def test_saliency_and_input_x_gradient_are_the_formulas(relu_net: Network, picture: Pixels) -> None:
    gradient = gradient_of(relu_net, picture, 1)
    found = attribute(relu_net, picture, Method.SALIENCY, target=1)
    np.testing.assert_allclose(found.map, gradient.abs().sum(0), rtol=1e-4, atol=1e-9)
    product = attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=1)
    np.testing.assert_allclose(product.map, (gradient * inputs_of(relu_net, picture)[0]).sum(0), rtol=1e-4, atol=1e-8)
    logits = relu_net.module(inputs_of(relu_net, picture))[0]
    assert (product.score, product.target) == (pytest.approx(logits[1].item(), rel=1e-5), 1)


def test_the_best_guess_is_explained_where_no_class_is_named(relu_net: Network, picture: Pixels) -> None:
    best = int(relu_net.module(inputs_of(relu_net, picture)).argmax())
    for method in (Method.SALIENCY, Method.GRAD_CAM):
        assert attribute(relu_net, picture, method).target == best


def test_a_contrast_is_the_difference_of_two_maps(relu_net: Network, picture: Pixels) -> None:
    first, second = (attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=at) for at in (0, 2))
    both = attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=0, contrast=2)
    np.testing.assert_allclose(both.map, first.map - second.map, rtol=1e-3, atol=1e-7)
    assert both.score == pytest.approx(first.score - second.score, abs=1e-5)


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


def test_layer_gradients_are_activation_times_gradient(relu_net: Network, picture: Pixels) -> None:
    maps = torch.relu(relu_net.module.conv(inputs_of(relu_net, picture)))[0].detach()
    weights = relu_net.module.fc.weight[1].detach() / 256
    found = sweep(relu_net, picture, Method.INPUT_X_GRADIENT, target=1)["act"]
    np.testing.assert_allclose(found.stage_map, (weights[:, None, None] * maps).sum(0), rtol=1e-4, atol=1e-8)


def test_guided_grad_cam_is_the_product(tiny: Network, picture: Pixels) -> None:
    guided, cam, both = (
        attribute(tiny, picture, method, target=1).map
        for method in (Method.GUIDED_BACKPROP, Method.GRAD_CAM, Method.GUIDED_GRAD_CAM)
    )
    np.testing.assert_allclose(both, guided * cam, rtol=1e-4, atol=1e-10)


def test_covering_a_linear_network_gives_what_was_covered(linear_net: Network, picture: Pixels) -> None:
    inputs = inputs_of(linear_net, picture)[0]
    share = (linear_net.module.fc.weight[0].detach().reshape(3, 16, 16) * inputs).sum(0).numpy()
    ablated = attribute(linear_net, picture, Method.FEATURE_ABLATION, target=0, baseline=Baseline.MEAN).map
    for value in np.unique(ablated):
        assert value == pytest.approx(share[ablated == value].sum(), abs=1e-3)
    occluded = attribute(linear_net, picture, Method.OCCLUSION, target=0, baseline=Baseline.MEAN).map
    assert occluded[0, 0] == pytest.approx(share[:2, :2].sum(), abs=1e-3)  # one window of 2 x 2 covers the corner


@pytest.mark.parametrize("method", ON_RELU_NETS)
def test_a_frozen_network_gives_the_same_map_and_is_left_as_it_was(
    relu_net: Network, picture: Pixels, method: Method
) -> None:
    first = attribute(relu_net, picture, method)
    relu_net.module.requires_grad_(False)
    relu_net.module.train()
    before = state(relu_net.module)
    again = attribute(relu_net, picture, method)
    np.testing.assert_allclose(again.map, first.map, rtol=1e-5, atol=1e-9)
    assert state(relu_net.module) == before
    assert again.map.shape == (16, 16)
    assert again.map.dtype == np.float32


class CancelledError(Exception):
    pass


@pytest.mark.parametrize("method", ON_RELU_NETS)
def test_cancelling_in_the_middle_leaves_no_trace(relu_net: Network, picture: Pixels, method: Method) -> None:
    before = state(relu_net.module.train())

    def cancel(done: int, total: int) -> None:
        assert 0 <= done <= total
        raise CancelledError

    for explain in (attribute, sweep) if METHODS[method].sweeps else (attribute,):
        with pytest.raises(CancelledError):
            explain(relu_net, picture, method, progress=cancel)
    assert state(relu_net.module) == before
    assert not relu_net.lock.locked()


def test_a_failure_deep_inside_leaves_no_trace(relu_net: Network, picture: Pixels) -> None:
    before = state(relu_net.module)
    for method in ON_RELU_NETS:
        handle = relu_net.module.fc.register_forward_pre_hook(fail_after_tracing)
        with pytest.raises(ValueError, match="in the middle"):
            attribute(relu_net, picture, method)
        handle.remove()
    assert state(relu_net.module) == before


def fail_after_tracing(_layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    if inputs[0].device.type != "meta":
        raise ValueError("in the middle")


def test_progress_grows_to_its_end(relu_net: Network, picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "BATCH_PIXELS", 4 * 16 * 16)
    told: list[tuple[int, int]] = []
    attribute(relu_net, picture, Method.INTEGRATED_GRADIENTS, progress=lambda *at: told.append(at))
    assert told == [(done, 33) for done in range(0, 33, 4)]


def test_two_threads_with_different_methods_get_the_right_maps(tiny: Network, picture: Pixels) -> None:
    expected = {m: attribute(tiny, picture, m, target=0).map for m in (Method.GUIDED_BACKPROP, Method.SALIENCY)}
    found: dict[Method, np.ndarray] = {}

    def explain_plainly() -> None:
        found[Method.SALIENCY] = attribute(tiny, picture, Method.SALIENCY, target=0).map

    other = threading.Thread(target=explain_plainly)

    def while_the_hooks_are_set(_done: int, _total: int) -> None:
        other.start()
        other.join(0.5)  # it would come to its end here, and be wrong, if nothing held it back

    found[Method.GUIDED_BACKPROP] = attribute(
        tiny, picture, Method.GUIDED_BACKPROP, target=0, progress=while_the_hooks_are_set
    ).map
    other.join()
    for method, values in expected.items():
        np.testing.assert_allclose(found[method], values, rtol=1e-5, atol=1e-10)
    assert not np.allclose(*expected.values(), rtol=0.1)


def test_many_threads_at_once_get_the_right_maps(tiny: Network, picture: Pixels) -> None:
    methods = (Method.GUIDED_BACKPROP, Method.SALIENCY, Method.GRAD_CAM, Method.DEEPLIFT)
    expected = {method: attribute(tiny, picture, method, target=0).map for method in methods}
    with ThreadPoolExecutor(len(methods)) as pool:
        found = list(pool.map(lambda method: attribute(tiny, picture, method, target=0).map, methods * 5))
    for method, values in zip(methods * 5, found, strict=True):
        np.testing.assert_allclose(values, expected[method], rtol=1e-4, atol=1e-9)


def test_an_in_place_activation_does_not_corrupt_what_is_read(wrap: Wrap, picture: Pixels) -> None:
    class InPlace(ReluNet):
        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.fc(functional.relu(self.conv(x), inplace=True).mean((2, 3)))
            return result

    network = wrap(seeded(InPlace), conv="conv")
    hidden = network.module.conv(inputs_of(network, picture))[0].detach()
    gradient = (hidden > 0) * network.module.fc.weight[0].detach()[:, None, None] / 256
    found = sweep(network, picture, Method.SALIENCY, target=0)["conv"]
    np.testing.assert_allclose(found.stage_map, gradient.abs().sum(0), rtol=1e-4, atol=1e-8)
    cam = attribute(network, picture, Method.GRAD_CAM, target=0, stage="conv")
    weights = gradient.mean((1, 2))[:, None, None]
    np.testing.assert_allclose(cam.stage_map, (weights * hidden).sum(0), rtol=1e-3, atol=1e-8)


def bad_class(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.GRAD_CAM, target=3)


def bad_contrast(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.SALIENCY, target=1, contrast=-1)


def same_contrast(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.SALIENCY, target=1, contrast=1)


def bad_stage(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.GRAD_CAM, stage="nowhere")


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (bad_class, BadSettingError, "number 3.*0 to 2"),
        (bad_contrast, BadSettingError, "number -1"),
        (same_contrast, BadSettingError, "contrasted with itself"),
        (bad_stage, UnknownNameError, "nowhere"),
    ],
)
def test_bad_choices_are_one_clear_sentence(
    relu_net: Network,
    picture: Pixels,
    work: Callable[[Network, Pixels], object],
    error: type[TlvizError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        work(relu_net, picture)


@pytest.mark.parametrize("method", [Method.SALIENCY, Method.GRAD_CAM])
def test_weights_that_are_no_numbers_are_named(relu_net: Network, picture: Pixels, method: Method) -> None:
    with torch.no_grad():
        relu_net.module.conv.weight[0] = torch.nan
    with pytest.raises(TlvizError, match="not finite"):
        attribute(relu_net, picture, method)


@pytest.mark.parametrize("method", [Method.INTEGRATED_GRADIENTS, Method.OCCLUSION])
def test_memory_that_runs_out_halves_the_batch(
    relu_net: Network, picture: Pixels, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = attribute(relu_net, picture, method)
    monkeypatch.setattr(torch.nn.Linear, "forward", greedy(torch.nn.Linear.forward, most=3))
    np.testing.assert_allclose(attribute(relu_net, picture, method).map, expected.map, rtol=1e-3, atol=1e-7)
    monkeypatch.setattr(torch.nn.Linear, "forward", greedy(torch.nn.Linear.forward, most=0))
    with pytest.raises(TlvizError, match="not enough memory for one picture"):
        attribute(relu_net, picture, method)


def greedy(forward: Callable[[nn.Linear, Tensor], Tensor], most: int) -> Callable[[nn.Linear, Tensor], Tensor]:
    """Return a linear layer that claims to run out of memory for more than ``most`` pictures."""

    def run(layer: nn.Linear, value: Tensor) -> Tensor:
        if len(value) > most:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return forward(layer, value)

    return run


def test_tiny_pictures_work(relu_net: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for method in ON_RELU_NETS:
        assert attribute(relu_net, pixels, method).map.shape == (8, 8)
