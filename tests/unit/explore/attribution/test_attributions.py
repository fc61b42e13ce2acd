"""Whatever method is asked for and whatever happens, maps are the right ones and a network is left as it was."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explore.conftest import ReluNet, Wrap, inputs_of, seeded
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.methods import METHODS, Method
from tlviz.models.load import Network

CLASS_MAPS = (Method.GRAD_CAM, Method.GUIDED_GRAD_CAM)
ON_RELU_NETS = [m for m in METHODS if m not in (Method.ATTENTION_ROLLOUT, Method.TOKEN_GRAD_CAM)]


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


def test_the_best_guess_is_explained_where_no_class_is_named(relu_net: Network, picture: Pixels) -> None:
    best = int(relu_net.module(inputs_of(relu_net, picture)).argmax())
    for method in (Method.SALIENCY, Method.GRAD_CAM):
        assert attribute(relu_net, picture, method).target == best


def test_a_contrast_is_the_difference_of_two_maps(relu_net: Network, picture: Pixels) -> None:
    first, second = (attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=at) for at in (0, 2))
    both = attribute(relu_net, picture, Method.INPUT_X_GRADIENT, target=0, contrast=2)
    np.testing.assert_allclose(both.map, first.map - second.map, rtol=1e-3, atol=1e-7)
    assert both.score == pytest.approx(first.score - second.score, abs=1e-5)


def test_guided_grad_cam_is_the_product(tiny: Network, picture: Pixels) -> None:
    guided, cam, both = (
        attribute(tiny, picture, method, target=1).map
        for method in (Method.GUIDED_BACKPROP, Method.GRAD_CAM, Method.GUIDED_GRAD_CAM)
    )
    np.testing.assert_allclose(both, guided * cam, rtol=1e-4, atol=1e-10)


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


def test_tiny_pictures_work(relu_net: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for method in ON_RELU_NETS:
        assert attribute(relu_net, pixels, method).map.shape == (8, 8)
