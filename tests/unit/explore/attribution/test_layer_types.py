"""What a network calls is written down once for each call, with the layer that called it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tlviz.explore.attribution.layer_types import ACTIVATIONS, NORMS, examine


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(x) * x


class Net(nn.Module):
    """An activation that runs twice, a pooling, a norm of its own code, a gate, and a product with a number."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.pool, self.gate = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(2), Gate()

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.act(self.act(self.conv(x)))) * 2
        return functional.group_norm(self.gate(x), 2)


def test_calls_are_named_with_their_layer_and_runs_are_counted() -> None:
    module = Net()
    found = examine(module, 8)
    assert [(call.name, call.path) for call in found.calls] == [
        *(("relu", "act"), ("relu", "act"), ("max_pool", "pool"), ("gelu", "gate"), ("product", "gate")),
        ("group_norm", ""),
    ]
    assert [call.is_by_module for call in found.calls] == [True, True, True, False, False, False]
    assert found.runs == {"conv": 1, "act": 2, "pool": 1, "gate": 1}
    assert [call.name for call in found.of(ACTIVATIONS)] == ["relu", "relu", "gelu"]
    assert [call.layer for call in found.of(NORMS)] == [module]


def test_a_product_with_weights_is_none() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3, 1, 1))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.scale

    assert examine(Scaled(), 4).calls == []


def test_a_network_that_wants_numbers_gets_them_and_is_left_as_it_was() -> None:
    class Asking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.act = nn.BatchNorm2d(3), nn.SiLU()

        def forward(self, x: Tensor) -> Tensor:
            found: Tensor = self.norm(x)
            return found if found.sum().item() > 1 else self.act(found)

    module = Asking().train()
    assert [(call.name, call.path) for call in examine(module, 4).calls] == [("silu", "act")]
    assert module.training
    assert int(module.norm.num_batches_tracked) == 0
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in module.modules())
