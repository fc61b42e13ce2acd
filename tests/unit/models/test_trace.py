"""One forward pass written down: order, cost, cuts and the layers that answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tlviz.models.trace import is_weight_leaf, trace


class Skip(nn.Module):
    """Two convolutions with a way around the second, a layer that runs twice, and a scale of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 2)
        self.first = nn.Conv2d(3, 4, 1)
        self.second = nn.Conv2d(4, 4, 1)
        self.act = nn.ReLU()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.first(x))
        x = self.act(x + self.second(x))
        result: Tensor = self.head(x.mean((2, 3)) * self.scale)
        return result


def test_order_cost_and_shapes_are_those_counted_by_hand() -> None:
    found = trace(Skip(), torch.zeros(1, 3, 5, 2))
    assert [(visit.path, visit.macs, visit.shape, visit.runs) for visit in found.visits.values()] == [
        ("first", 3 * 4 * 10, (1, 4, 5, 2), 1),
        ("second", 4 * 4 * 10, (1, 4, 5, 2), 1),
        ("act", 0, (1, 4, 5, 2), 2),
        ("head", 4 * 2, (1, 2), 1),
    ]
    assert (found.logits, found.logit_layers) == ((1, 2), ("head",))


def test_a_branch_beside_a_skip_is_no_cut() -> None:
    visits = trace(Skip(), torch.zeros(1, 3, 5, 2)).visits
    assert {path: visit.is_cut for path, visit in visits.items()} == {
        "first": True,
        "second": False,
        "act": True,
        "head": True,
    }


def test_a_parameter_outside_layers_is_used_after_four_ends() -> None:
    uses = trace(Skip(), torch.zeros(1, 3, 5, 2)).uses
    assert (uses["first.weight"], uses["second.weight"], uses["scale"], uses["head.weight"]) == (0, 2, 4, 4)


def test_a_network_that_wants_numbers_is_run_with_them() -> None:
    class Asks(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = super().forward(x + float(x.detach().sum()))
            return result

    module = Asks(nn.Flatten(), nn.Linear(12, 2)).train()
    assert trace(module, torch.zeros(1, 3, 2, 2)).visits["1"].macs == 24
    assert module.training


def test_only_a_layer_with_a_matrix_of_its_own_is_a_weight_leaf() -> None:
    layers = (nn.Linear(2, 2), nn.Conv2d(1, 1, 1), nn.BatchNorm2d(2), nn.ReLU(), nn.Sequential(nn.Linear(2, 2)))
    assert [is_weight_leaf(layer) for layer in layers] == [True, True, False, False, False]
