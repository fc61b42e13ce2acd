"""What the tests of attributions share: pictures, and networks small enough to compute by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout, Stage

Wrap = Callable[..., Network]


def stage(name: str, *modules: str, layout: Layout = Layout.MAPS) -> Stage:
    return Stage(name, modules, 0, 0, 1, 0.5, layout=layout)


@pytest.fixture
def picture() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (16, 16, 3), dtype=np.uint8)


@pytest.fixture
def wrap() -> Wrap:
    """Return a function that makes a network of a module and its stages' last modules."""

    def make(module: nn.Module, **ends: str) -> Network:
        stages = (*(stage(name, path) for name, path in ends.items()), stage("head", "fc", layout=Layout.FLAT))
        return Network(MODELS["squeezenet1_1"], module.eval(), stages, ("a", "b", "c"))

    return make


class ReluNet(nn.Module):
    """A convolution, a ReLU, global pooling and a linear layer."""

    def __init__(self, activation: nn.Module | None = None, width: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.act = activation or nn.ReLU(inplace=True)
        self.fc = nn.Linear(width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.fc(self.act(self.conv(x)).mean((2, 3)))
        return result


class LinearNet(nn.Module):
    """Every logit is a weighted sum of the pixels."""

    def __init__(self, side: int = 16) -> None:
        super().__init__()
        self.keep = nn.Identity()
        self.fc = nn.Linear(3 * side * side, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.fc(self.keep(x).flatten(1))
        return result


def seeded(build: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build()


@pytest.fixture
def relu_net(wrap: Wrap) -> Network:
    return wrap(seeded(ReluNet), conv="conv", act="act")


@pytest.fixture
def linear_net(wrap: Wrap) -> Network:
    return wrap(seeded(LinearNet), keep="keep")


def inputs_of(network: Network, pixels: Pixels) -> Tensor:
    return normalise(torch.from_numpy(pixels)[None], network.spec.preprocessing)


def gradient_of(network: Network, pixels: Pixels, target: int) -> Tensor:
    inputs = inputs_of(network, pixels).requires_grad_()
    network.module(inputs)[0, target].backward()
    assert inputs.grad is not None
    return inputs.grad[0]


class TokenNet(nn.Module):
    """Patches, a class token, one attention layer of torch's and a head that reads the class token alone."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = Patches()
        self.block = Block()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc(self.block(self.patch(x))[:, 0])
        return result


class Patches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        return torch.cat([tokens.mean(1, keepdim=True), tokens], dim=1)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        mixed, _ = self.attention(x, x, x, need_weights=False)
        result: Tensor = x + mixed
        return result


@pytest.fixture
def token_net() -> Network:
    module = seeded(TokenNet).eval()
    module.class_token = nn.Parameter(torch.zeros(1))  # says that the first token answers
    stages = (
        stage("stem", "patch", layout=Layout.TOKENS),
        stage("block", "block", layout=Layout.TOKENS),
        stage("head", "fc", layout=Layout.FLAT),
    )
    return Network(MODELS["squeezenet1_1"], module, stages, ("a", "b", "c"))
