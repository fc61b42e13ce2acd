"""Stages follow from module tree and execution order."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from tests.unit.models.golden_stages import GOLDEN, NAMES, stage_table
from tlviz import vision
from tlviz.errors import TlvizError
from tlviz.models.load import Network
from tlviz.models.spec import Layout
from tlviz.models.stages import MOST_STAGES, derive_stages, logit_layers, named_stage_parameters


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
    assert 4 <= len(stages) <= MOST_STAGES
    assert (stages[0].name, stages[-1].name) == ("stem", "head")
    assert stages[-1].channels == 1000
    assert expected is None or [stage.name for stage in stages] == expected


def chain(blocks: int) -> nn.Sequential:
    layers = [nn.Sequential(nn.Conv2d(3 if n == 0 else 4, 4, 1), nn.ReLU()) for n in range(blocks)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def test_long_chains_are_grouped_evenly() -> None:
    module = chain(30)
    stages = derive_stages(module, torch.zeros(1, 3, 8, 8))
    assert 4 <= len(stages) <= MOST_STAGES
    assert {len(stage.modules) for stage in stages[1:-2]} == {3}, "29 blocks behind the stem in 10 groups"
    assert sum(stage.parameters for stage in stages) == sum(p.numel() for p in module.parameters())


def test_a_grouping_can_be_opened_to_single_blocks() -> None:
    module = vision.torchvision().models.resnet18(weights=None)
    opened = derive_stages(module, torch.zeros(1, 3, 64, 64), grouped=False)
    assert [stage.name for stage in opened] == [
        "stem", *(f"layer{n}.{at}" for n in range(1, 5) for at in range(2)), "head",
    ]  # fmt: skip
    grouped = derive_stages(module, torch.zeros(1, 3, 64, 64))
    assert sum(s.parameters for s in opened) == sum(s.parameters for s in grouped)


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
    assert logit_layers(module, stages)[0][0] == "fc"


class Odd(nn.Module):
    """A token, a scale used late, a branch that never runs, and two answers that are averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, 6))
        self.late = nn.Parameter(torch.ones(1))
        self.register_buffer("unused", torch.ones(3))
        self.patches = nn.Conv2d(3, 6, 4, 4)
        self.drop = nn.Dropout(0.0)
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.aux = nn.Linear(6, 5)
        self.head = nn.Linear(6, 6)
        self.other_head = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = self.drop(torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1))
        tokens = self.second(self.first(tokens).relu() * self.late)
        if self.training:
            tokens = tokens + self.aux(tokens).mean()
        result: Tensor = (self.head(tokens[:, 0]) + self.other_head(tokens[:, 1])) / 2
        return result


def test_tensors_outside_modules_belong_to_the_stage_that_uses_them() -> None:
    module = Odd()
    stages = derive_stages(module, torch.zeros(1, 3, 16, 16))
    assert [(s.modules, s.tensors) for s in stages] == [
        (("patches", "drop"), ("cls_token",)),
        (("first",), ()),
        (("second",), ("late",)),
        (("head", "other_head"), ("aux.weight", "aux.bias", "unused")),
    ]
    assert [(s.layout, s.channels, s.reduction) for s in stages[:3]] == [(Layout.TOKENS, 6, 4)] * 3


def test_both_of_two_averaged_answers_are_logit_layers() -> None:
    """The layer before has as many outputs as there are classes, and is none."""
    module = Odd()
    stages = derive_stages(module, torch.zeros(1, 3, 16, 16))
    assert [path for path, _ in logit_layers(module, stages)] == ["head", "other_head"]


def test_a_stage_never_ends_inside_a_skip() -> None:
    class Skips(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c, self.d = (nn.Conv2d(3, 3, 1) for _ in range(4))
            self.head = nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            x = self.d(x + self.c(self.b(x)))
            result: Tensor = self.head(x.mean((2, 3)))
            return result

    stages = derive_stages(Skips(), torch.zeros(1, 3, 8, 8))
    assert [stage.modules for stage in stages] == [("a",), ("b", "c", "d"), ("head",)]


def test_deriving_leaves_mode_and_hooks_as_they_were(tiny: Network) -> None:
    tiny.module.train()
    derive_stages(tiny.module, torch.zeros(1, 3, 32, 32))
    assert all(layer.training for layer in tiny.module.modules())
    assert not any(layer._forward_hooks for layer in tiny.module.modules())


def test_a_single_layer_cannot_be_divided() -> None:
    with pytest.raises(TlvizError, match="no stage before its head"):
        derive_stages(nn.Sequential(nn.Linear(2, 2)), torch.zeros(1, 3, 2, 2))


def block(*widths: int) -> nn.Sequential:
    """Convolutions of one pixel from each width to the next: their products are the multiply-adds of a pixel."""
    return nn.Sequential(*(nn.Conv2d(before, after, 1) for before, after in pairwise(widths)))


def headed(*layers: nn.Module, width: int) -> nn.Sequential:
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 2))


@pytest.mark.parametrize(("width", "is_opened"), [(7, False), (8, True)])
def test_a_container_with_more_than_half_of_the_compute_is_opened(width: int, is_opened: bool) -> None:
    """By hand, at four pixels: 4 x (18 + 36 + 36) + 12 = 372 multiply-adds beside 48 times the inner width."""
    module = headed(block(3, 6), block(6, 6), block(6, width, 6), block(6, 6), width=6)
    stages = derive_stages(module, torch.zeros(1, 3, 2, 2))
    backbone = [stage.modules for stage in stages[:-1]]
    container = [("2.0",), ("2.1",)] if is_opened else [("2",)]
    assert backbone == [("0",), ("1",), *container, ("3",)]


def test_of_a_chain_that_is_too_long_the_cheapest_neighbours_are_joined() -> None:
    """Every width differs, so nothing is grouped by its shape: two pairs of 17 stages are joined."""
    widths = [3, 40, 41, 42, 43, 10, 11, 44, 45, 46, 47, 48, 5, 6, 49, 50, 51, 52]
    module = headed(*block(*widths), width=52)
    stages = derive_stages(module, torch.zeros(1, 3, 2, 2))
    joined = [stage.modules for stage in stages if len(stage.modules) > 1][:-1]
    costs = [before * after for before, after in pairwise(widths)]
    assert len(stages) == MOST_STAGES
    assert joined == [("4", "5"), ("11", "12")], costs


@pytest.mark.parametrize(
    ("layer", "side", "grid", "reduction"),
    [
        (nn.Conv2d(3, 4, 5, 4), 32, 7, 4),  # 4.57, nearer to 4 than to 8
        (nn.Conv2d(3, 4, 3, 2, 2), 32, 17, 2),  # 1.88
        (nn.Conv2d(3, 4, 9, 5), 64, 12, 4),  # 5.33
        (nn.Conv2d(3, 4, 7, 6), 64, 10, 8),  # 6.4
        (nn.Conv2d(3, 4, 1, 1, 3), 32, 38, 1),  # a border outside
    ],
)
def test_a_convolution_reduces_by_a_power_of_two_though_its_border_says_otherwise(
    layer: nn.Conv2d, side: int, grid: int, reduction: int
) -> None:
    picture = torch.zeros(1, 3, side, side)
    assert layer(picture).shape[-1] == grid
    assert derive_stages(headed(layer, nn.Conv2d(4, 4, 1), width=4), picture)[0].reduction == reduction


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_of_an_architecture_are_those_that_are_kept(name: str) -> None:
    """Names, channels, reduction, layout and modules; ``python -m tests.unit.models.golden_stages`` keeps new ones."""
    assert stage_table(name) == json.loads(GOLDEN.read_text())[name]


def test_what_is_kept_is_what_is_compared() -> None:
    assert tuple(json.loads(GOLDEN.read_text())) == NAMES
