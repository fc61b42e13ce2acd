"""Stages follow from module tree and execution order."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import TlvizError
from tlviz.models.load import Network
from tlviz.models.stages import MAX_STAGES, derive_stages, head_layer, named_stage_parameters


def test_tiny_network_has_the_expected_stages(tiny: Network) -> None:
    names = [(s.name, s.modules, s.parameters, s.channels, s.reduction) for s in tiny.stages]
    assert names == [
        ("stem", ("stem",), 3 * 4 * 9 + 4 + 8, 4, 2),
        ("block1", ("block1",), 4 * 6 * 9 + 6 + 12, 6, 2),
        ("block2", ("block2",), 6 * 8 * 9 + 8 + 16, 8, 4),
        ("head", ("pool", "flatten", "drop", "fc"), 8 * 3 + 3, 3, 32),
    ]


def test_cost_shares_are_the_hand_counted_multiply_adds(tiny: Network) -> None:
    macs = [3 * 4 * 9 * 16**2, 4 * 6 * 9 * 16**2, 6 * 8 * 9 * 8**2, 8 * 3]
    assert [s.cost_share for s in tiny.stages] == pytest.approx([m / sum(macs) for m in macs])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", ["stem", "layer1", "layer2", "layer3", "layer4", "head"]),
        ("squeezenet1_1", ["stem", *(f"fire{n}" for n in range(2, 10)), "head"]),
        ("mobilenet_v3_small", None),
        ("densenet121", None),
        ("convnext_tiny", None),
        ("vgg16", None),
    ],
)
def test_other_architectures_partition_into_four_to_sixteen_stages(name: str, expected: list[str] | None) -> None:
    module = vision.torchvision().models.get_model(name, weights=None)
    stages = derive_stages(module, torch.zeros(1, 3, 64, 64))
    owned = [key for stage in stages for key, _ in named_stage_parameters(module, stage)]
    assert sorted(owned) == sorted(key for key, _ in module.named_parameters())
    assert 4 <= len(stages) <= MAX_STAGES
    assert (stages[0].name, stages[-1].name) == ("stem", "head")
    assert stages[-1].channels == 1000
    assert expected is None or [stage.name for stage in stages] == expected


def test_long_chains_are_merged_to_the_maximum() -> None:
    blocks = [nn.Sequential(nn.Conv2d(3 if n == 0 else 4, 4, 1), nn.ReLU()) for n in range(30)]
    module = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    stages = derive_stages(module, torch.zeros(1, 3, 8, 8))
    assert len(stages) == MAX_STAGES
    assert sum(stage.parameters for stage in stages) == sum(p.numel() for p in module.parameters())


def test_execution_order_decides_not_declaration_order() -> None:
    class Reversed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 2)
            self.second = nn.Conv2d(4, 4, 1)
            self.first = nn.Conv2d(3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.fc(self.second(self.first(x)).mean((2, 3)))
            return result

    module = Reversed()
    stages = derive_stages(module, torch.zeros(1, 3, 8, 8))
    assert [stage.modules for stage in stages] == [("first",), ("second",), ("fc",)]
    assert head_layer(module, stages)[0] == "fc"


def test_a_parameter_outside_all_stages_is_an_error() -> None:
    class Loose(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))
            self.conv = nn.Conv2d(3, 4, 1)
            self.head = nn.Conv2d(4, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.head(self.conv(x * self.scale)).mean((2, 3))
            return result

    with pytest.raises(TlvizError, match="'scale' of Loose is in 0 stages"):
        derive_stages(Loose(), torch.zeros(1, 3, 8, 8))


def test_deriving_leaves_mode_and_hooks_as_they_were(tiny: Network) -> None:
    tiny.module.train()
    derive_stages(tiny.module, torch.zeros(1, 3, 32, 32))
    assert all(layer.training for layer in tiny.module.modules())
    assert not any(layer._forward_hooks for layer in tiny.module.modules())


def test_a_single_layer_cannot_be_divided() -> None:
    with pytest.raises(TlvizError, match="no stage before its head"):
        derive_stages(nn.Sequential(nn.Linear(2, 2)), torch.zeros(1, 3, 2, 2))
