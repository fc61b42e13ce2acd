"""The measured receptive field equals the analytic one, and leaves the network as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.errors import BadSettingError
from tlviz.explore.maps.receptive_field import FieldBox, receptive_field
from tlviz.models.load import Network
from tlviz.models.spec import Layout

PIXELS = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)


def with_module(network: Network, module: nn.Module) -> Network:
    return replace(network, module=module.eval())


def seeded(*layers: nn.Module) -> nn.Module:
    module = nn.Sequential(*layers)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    return module


def analytic(layers: list[tuple[int, int, int, int]], at: int, side: int) -> tuple[int, int]:
    """Return the first pixel that position ``at`` sees and the first beyond; (kernel, stride, padding, dilation)."""
    low = high = at
    for kernel, stride, padding, dilation in reversed(layers):
        low, high = low * stride - padding, high * stride - padding + (kernel - 1) * dilation
    return max(0, low), min(side, high + 1)


@pytest.mark.parametrize(("row", "column"), [(3, 4), (0, 7), (7, 0)])
def test_it_equals_the_analytic_field_of_a_plain_stack(tiny: Network, row: int, column: int) -> None:
    shapes = [(3, 2, 1, 1), (3, 1, 2, 2), (2, 2, 0, 1)]
    module = seeded(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )
    field = receptive_field(with_module(tiny, module), PIXELS, "4", Layout.MAPS, row, column)
    top, bottom = analytic(shapes, row, 32)
    left, right = analytic(shapes, column, 32)
    assert field.box == FieldBox(top, left, bottom, right)
    assert field.heat.max() == pytest.approx(1)
    assert 0 < field.half_share <= (bottom - top) * (right - left) / 32**2


def test_half_of_an_even_field_is_half_of_it(tiny: Network) -> None:
    conv = nn.Conv2d(3, 1, 4, stride=4, bias=False)
    nn.init.ones_(conv.weight)
    field = receptive_field(with_module(tiny, nn.Sequential(conv)), PIXELS, "0", Layout.MAPS, 1, 2)
    assert field.box == FieldBox(4, 8, 8, 12)
    np.testing.assert_allclose(field.heat[4:8, 8:12], 1, rtol=1e-6)
    assert field.heat.sum() == pytest.approx(16)
    assert field.half_share == pytest.approx(8 / 32**2)


class Tokens(nn.Module):
    """Patches of 8 pixels as tokens behind a class token; each token sees its own patch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, 8, stride=8)
        self.norm = nn.LayerNorm(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        result: torch.Tensor = self.norm(torch.cat([torch.zeros(len(x), 1, 4), tokens], 1))
        return result


def test_tokens_have_a_field_too(tiny: Network) -> None:
    field = receptive_field(with_module(tiny, Tokens()), PIXELS, "norm", Layout.TOKENS, 1, 3)
    assert field.box == FieldBox(8, 24, 16, 32)


def test_a_position_that_nothing_reaches_has_no_box(tiny: Network) -> None:
    conv = nn.Conv2d(3, 2, 3)
    nn.init.zeros_(conv.weight)
    field = receptive_field(with_module(tiny, nn.Sequential(conv)), PIXELS, "0", Layout.MAPS, 0, 0)
    assert (field.box, field.half_share, field.heat.max()) == (None, 0.0, 0.0)


def test_a_position_off_the_map_is_one_sentence_and_nothing_is_left_behind(tiny: Network) -> None:
    frozen = with_module(tiny, tiny.module.requires_grad_(False))
    with pytest.raises(BadSettingError, match="The column is 8; the map of block2 has columns 0 to 7"):
        receptive_field(frozen, PIXELS, "block2", Layout.MAPS, 0, 8)
    assert not any(layer._forward_hooks for layer in tiny.module.modules())
    assert not tiny.lock.locked()
    assert all(parameter.grad is None for parameter in tiny.module.parameters())
