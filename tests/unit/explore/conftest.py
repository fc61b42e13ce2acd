"""What the tests of attributions share: pictures, and networks small enough to compute by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network
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
