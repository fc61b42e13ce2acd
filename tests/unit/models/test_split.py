"""A split network computes what the whole one does, in both modes, on shared weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tlviz.models.build import build_module
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network
from tlviz.models.split import CannotSplitError, split_network
from tlviz.models.stages import derive_stages, picture_sample

PICTURES = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_tail_after_prefix_is_the_network(tiny: Network, depth: int) -> None:
    split = split_network(tiny.module, tiny.stages, depth)
    with torch.no_grad():
        assert torch.equal(split.tail(split.prefix(PICTURES)), tiny.module(PICTURES))


def test_weights_are_shared_and_modes_follow(tiny: Network) -> None:
    split = split_network(tiny.module, tiny.stages, 2)
    inside, outside = ({id(p) for p in half.parameters()} for half in (split.prefix, split.tail))
    assert inside | outside == {id(p) for p in tiny.module.parameters()}
    assert not inside & outside
    assert not split.tail.training
    split.tail.train()
    assert tiny.module.get_submodule("drop").training
    assert not tiny.module.get_submodule("stem").training


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "vit_b_16"])
def test_pooling_before_the_head_is_done_once(name: str) -> None:
    spec = find_model(name)
    module = build_module(spec, 5, initialise=True).eval()
    stages = derive_stages(module, picture_sample(spec.preprocessing.size))
    pictures = torch.randn(2, 3, spec.preprocessing.size, spec.preprocessing.size)
    split = split_network(module, stages, len(stages) - 1)
    with torch.no_grad():
        crossing = split.prefix(pictures)
        assert crossing.flatten(1).shape == (2, stages[-2].channels), "one number for each channel, no grid"
        assert torch.equal(split.tail(crossing), module(pictures))


def test_nothing_random_is_done_before_the_cut() -> None:
    body = (nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.ReLU())
    module = nn.Sequential(*body, nn.MaxPool2d(2), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    module.append(nn.Linear(4, 2))
    stages = derive_stages(module, torch.zeros(1, 3, 32, 32))
    split = split_network(module, stages, len(stages) - 1)
    crossing = split.prefix(PICTURES)
    assert crossing.shape == (4, 4, 16, 16), "pooled once, not dropped yet"
    split.tail.train()
    assert not torch.equal(split.tail(crossing), split.tail(crossing)), "two training passes differ"


class DropsInItsOwnCode(nn.Module):
    """Dropout as a function of the root module, whose flag tracing bakes in."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(8, 64), nn.Linear(64, 64), nn.Linear(64, 2)

    def forward(self, x: Tensor, scale: float | None = None) -> Tensor:
        x = self.b(self.a(x.mean(3).flatten(1)[:, :8]))
        x = nn.functional.dropout(x, 0.5, self.training)
        result: Tensor = self.c(x) if scale is None else self.c(x) * scale
        return result


def test_dropout_in_the_networks_own_code_follows_the_mode() -> None:
    module = DropsInItsOwnCode()
    split = split_network(module, derive_stages(module, torch.zeros(1, 3, 32, 32)), 1)
    crossing = split.prefix(PICTURES)
    split.tail.train()
    assert not torch.equal(split.tail(crossing), split.tail(crossing)), "two training passes differ"
    split.tail.eval()
    assert torch.equal(split.tail(crossing), split.tail(crossing)), "two eval passes are equal"
    assert torch.equal(split.tail(crossing), module.eval()(PICTURES))


def test_a_network_that_looks_at_numbers_says_that_it_runs_whole() -> None:
    class Looks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.b(self.a(x))
            result: Tensor = self.c(x if x.sum() > 0 else -x).mean((2, 3))
            return result

    module = Looks()
    stages = derive_stages(module, torch.zeros(1, 3, 32, 32))
    module.train()
    with pytest.raises(CannotSplitError, match="Looks cannot be split, it runs whole"):
        split_network(module, stages, 1)
    assert module.training
