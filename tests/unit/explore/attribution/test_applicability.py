"""What a network does not allow is told from its layers; what it does allow works on every kind of architecture."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explore.conftest import ReluNet, Wrap, seeded
from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import TlvizError
from tlviz.explore.attribution.applicability import unavailable, why_not
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.methods import METHODS, Method
from tlviz.explore.attribution.rollout import rolled
from tlviz.models.build import build_module
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target, describe

GUIDED = {Method.GUIDED_BACKPROP, Method.GUIDED_GRAD_CAM}
NO_TOKENS = {Method.TOKEN_GRAD_CAM, Method.ATTENTION_ROLLOUT}
NO_MAPS = {Method.GRAD_CAM}
EXPECTED: dict[str, set[Method]] = {
    "squeezenet1_1": NO_TOKENS | {Method.DEEPLIFT},
    "tf_efficientnet_lite0": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "resnet18": NO_TOKENS | {Method.DEEPLIFT},
    "resnet26": NO_TOKENS | {Method.DEEPLIFT},
    "vgg11": NO_TOKENS,
    "vgg11_bn": NO_TOKENS,
    "densenet121": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "googlenet": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "convnext_tiny": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "mobilenet_v3_small": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "regnet_y_400mf": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "swin_t": NO_TOKENS | GUIDED | {Method.DEEPLIFT},
    "vit_b_32": NO_MAPS | GUIDED | {Method.DEEPLIFT},
    "vit_tiny_patch16_224": NO_MAPS | GUIDED | {Method.DEEPLIFT},
    "beit_base_patch16_224": NO_MAPS | GUIDED | {Method.DEEPLIFT},
    "convit_tiny": NO_MAPS | GUIDED | {Method.DEEPLIFT, Method.ATTENTION_ROLLOUT},
    "levit_128": NO_MAPS | GUIDED | {Method.DEEPLIFT, Method.ATTENTION_ROLLOUT},
    "mixer_b16_224": NO_MAPS | GUIDED | {Method.DEEPLIFT, Method.ATTENTION_ROLLOUT},
    "xcit_nano_12_p16_224": NO_MAPS | GUIDED | {Method.DEEPLIFT, Method.ATTENTION_ROLLOUT},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_architecture_refuses_what_fails_silently_on_it(name: str) -> None:
    spec = find_model(name)
    network = describe(spec, build_module(spec, 5, initialise=False, device="meta").eval(), tuple("abcde"))
    refused = unavailable(network)
    assert set(refused) == EXPECTED[name]
    for answer in refused.values():
        assert answer.nearest not in refused
        assert answer.reason.endswith(".")
        assert answer.reason.count(". ") == 0
    assert not any(layer._forward_hooks for layer in network.module.modules())


class FunctionalNet(ReluNet):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc(functional.relu(self.conv(x)).mean((2, 3)))
        return result


class ReusingNet(ReluNet):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc(self.act(self.act(self.conv(x)) - 1).mean((2, 3)))
        return result


class GatedNet(ReluNet):
    def forward(self, x: Tensor) -> Tensor:
        value = self.act(self.conv(x))
        result: Tensor = self.fc((value * value).mean((2, 3)))
        return result


class PoolingNet(ReluNet):
    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc(self.pool(self.act(self.conv(x))).mean((2, 3)))
        return result


@pytest.mark.parametrize(
    ("build", "method", "words"),
    [
        (ReluNet, Method.DEEPLIFT, None),
        (ReluNet, Method.GUIDED_BACKPROP, None),
        (partial(ReluNet, nn.ReLU6()), Method.GUIDED_BACKPROP, "ReLU6"),
        (partial(ReluNet, nn.ReLU6()), Method.DEEPLIFT, "ReLU6"),
        (partial(ReluNet, nn.GELU()), Method.DEEPLIFT, "GELU"),
        (partial(ReluNet, nn.Tanh()), Method.DEEPLIFT, None),
        (partial(ReluNet, nn.Identity()), Method.GUIDED_BACKPROP, "no ReLU"),
        (FunctionalNet, Method.GUIDED_BACKPROP, "inside its own code"),
        (FunctionalNet, Method.DEEPLIFT, "inside its own code"),
        (ReusingNet, Method.DEEPLIFT, "more than once"),
        (ReusingNet, Method.GUIDED_BACKPROP, None),
        (GatedNet, Method.DEEPLIFT, "multiplies activations"),
        (partial(PoolingNet, 3, 2), Method.DEEPLIFT, "overlap"),
        (partial(PoolingNet, 2, 2), Method.DEEPLIFT, None),
    ],
)
def test_traps_are_told_by_the_layers(wrap: Wrap, build: type[nn.Module], method: Method, words: str | None) -> None:
    network = wrap(seeded(build), conv="conv")
    answer = why_not(network, method)
    assert (answer is None) == (words is None)
    if answer is not None and words is not None:
        assert words in answer.reason
        with pytest.raises(TlvizError, match=r"The nearest method that works here is .+\."):
            attribute(network, np.zeros((16, 16, 3), np.uint8), method)


def test_what_is_refused_on_relu6_would_have_been_silently_wrong(wrap: Wrap, picture: Pixels) -> None:
    from tlviz import vision
    from tlviz.explore.attribution.context import to_inputs

    network = wrap(seeded(partial(ReluNet, nn.ReLU6())), conv="conv")
    inputs = to_inputs(network, picture).requires_grad_()
    guided = vision.captum().GuidedBackprop(network.module).attribute(inputs, target=0)
    plain = vision.captum().Saliency(network.module).attribute(inputs, target=0, abs=False)
    assert torch.equal(guided, plain)


@pytest.mark.parametrize("name", ["squeezenet1_1", "tf_efficientnet_lite0", "vit_tiny_patch16_224", "levit_128"])
def test_what_is_allowed_works_frozen_on_real_architectures(name: str) -> None:
    spec = find_model(name)
    side = next(side for side in range(64, 225) if spec.takes(side))
    network = build_for_target(spec, ("a", "b", "c"), pretrained=False, seed=0, size=side)
    network.module.requires_grad_(False)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    refused = unavailable(network)
    for method in METHODS:
        if method in refused or METHODS[method].passes > 10:
            continue
        assert attribute(network, pixels, method).map.any(), method
        if METHODS[method].sweeps:
            maps = sweep(network, pixels, method)
            assert all(found.map.shape == (side, side) for found in maps.values())


def test_rollout_is_the_product_of_attentions(token_net: Network, picture: Pixels) -> None:
    from tlviz.explore.attribution.context import to_inputs

    found = attribute(token_net, picture, Method.ATTENTION_ROLLOUT)
    tokens = token_net.module.patch(to_inputs(token_net, picture))
    _, weights = token_net.module.block.attention(tokens, tokens, tokens, need_weights=True)
    row = ((weights[0] + torch.eye(17)) / 2)[0, 1:].reshape(4, 4)
    np.testing.assert_allclose(found.stage_map, row.detach(), rtol=1e-4, atol=1e-7)
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in token_net.module.modules())


def test_two_layers_roll_out_by_hand() -> None:
    first = torch.tensor([[[0.5, 0.5], [0.0, 1.0]]])
    second = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
    expected = torch.tensor([[0.5, 0.5], [0.5, 0.5]]) @ torch.tensor([[0.75, 0.25], [0.0, 1.0]])
    torch.testing.assert_close(rolled([first, second]), expected)


def test_a_method_without_stages_says_so(relu_net: Network, picture: Pixels) -> None:
    with pytest.raises(TlvizError, match="whole picture"):
        sweep(relu_net, picture, Method.OCCLUSION)


def test_the_table_names_every_method() -> None:
    assert set(METHODS) == set(Method)
    for spec in METHODS.values():
        assert spec.sentence.endswith(".")
        assert spec.passes > 0
