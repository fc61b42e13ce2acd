"""The measured extent is the analytic receptive field of a plain convolution stack; boxes stay in the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from tlviz.explore.channels.crops import CropBox, crop_box, crop_side
from tlviz.models.load import Network


def stack(tiny: Network, *layers: nn.Module) -> Network:
    """Return a network of which only the first stage matters: plain layers for pictures of 48 pixels."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Sequential(*layers), nn.Flatten())
    spec = replace(tiny.spec, preprocessing=replace(tiny.spec.preprocessing, size=48))
    stage = replace(tiny.stages[0], name="stack", modules=("0",))
    return replace(tiny, spec=spec, module=module.eval(), stages=(stage, tiny.stages[-1]))


@pytest.mark.parametrize(("depth", "kernel", "field"), [(1, 1, 1), (1, 3, 3), (2, 3, 5), (3, 3, 7), (2, 5, 9)])
def test_the_whole_extent_is_the_analytic_receptive_field(tiny: Network, depth: int, kernel: int, field: int) -> None:
    convs = [nn.Conv2d(3 if at == 0 else 4, 4, kernel, padding=kernel // 2) for at in range(depth)]
    assert crop_side(stack(tiny, *convs), "stack", share=1.0) == field


def test_a_stride_widens_it(tiny: Network) -> None:
    narrow = stack(tiny, nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1))
    wide = stack(tiny, nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, padding=1))
    assert crop_side(narrow, "stack", share=1.0) == 5
    assert crop_side(wide, "stack", share=1.0) in (7, 8)  # 7, around a centre that lies half a pixel aside


def test_the_effective_extent_is_smaller_and_no_gradient_is_the_whole_picture(tiny: Network) -> None:
    convs = [nn.Conv2d(3 if at == 0 else 4, 4, 3, padding=1) for at in range(6)]
    assert 3 <= crop_side(stack(tiny, *convs), "stack") < 13
    silent = nn.Conv2d(3, 4, 3, padding=1)
    nn.init.zeros_(silent.weight)
    assert crop_side(stack(tiny, silent), "stack") == 48


def test_nothing_stays_behind(tiny: Network) -> None:
    crop_side(tiny, "block2")
    assert all(parameter.grad is None for parameter in tiny.module.parameters())
    assert not any(layer._forward_hooks for layer in tiny.module.modules())
    assert not tiny.lock.locked()


def test_boxes_are_around_the_position_and_inside() -> None:
    assert crop_box(32, 224, 7, 3, 3) == CropBox(96, 96, 32)
    assert crop_box(32, 224, 56, 0, 55) == CropBox(0, 192, 32)
    assert crop_box(3, 224, 224, 100, 50) == CropBox(92, 42, 16)
    assert crop_box(500, 224, 7, 0, 6) == CropBox(0, 0, 224)
