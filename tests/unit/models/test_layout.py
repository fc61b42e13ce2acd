"""Every layout becomes maps and features without mixing up its axes."""

from __future__ import annotations

import pytest
import torch

from tlviz.models.layout import as_features, as_maps, channels, find_layouts, grid_side
from tlviz.models.spec import Layout

MAPS = torch.arange(2 * 5 * 3 * 3, dtype=torch.float32).reshape(2, 5, 3, 3)
TOKENS = torch.cat([torch.full((2, 2, 5), 1000.0), MAPS.flatten(2).transpose(1, 2)], 1)


@pytest.mark.parametrize(
    ("output", "layout"),
    [(MAPS, Layout.MAPS), (MAPS.permute(0, 2, 3, 1), Layout.MAPS_LAST), (TOKENS, Layout.TOKENS)],
)
def test_all_layouts_give_the_same_maps(output: torch.Tensor, layout: Layout) -> None:
    assert torch.equal(as_maps(output, layout), MAPS)
    assert (channels(tuple(output.shape), layout), grid_side(tuple(output.shape), layout)) == (5, 3)


def test_a_flat_output_is_a_map_of_one_position() -> None:
    assert as_maps(torch.ones(2, 7), Layout.FLAT).shape == (2, 7, 1, 1)
    assert grid_side((2, 7), Layout.FLAT) == 1


def test_features_are_means_over_positions_or_all_tokens() -> None:
    assert torch.equal(as_features(MAPS, Layout.MAPS), MAPS.mean((2, 3)))
    assert torch.allclose(as_features(TOKENS, Layout.TOKENS), TOKENS.mean(1))
    assert torch.equal(as_features(torch.ones(2, 7), Layout.FLAT), torch.ones(2, 7))


def test_layouts_follow_from_shapes_and_doubt_from_the_rest_of_the_network() -> None:
    last = [(1, 56, 56, 96), (1, 28, 28, 28), (1, 768)]
    assert find_layouts(last) == [Layout.MAPS_LAST, Layout.MAPS_LAST, Layout.FLAT]
    first = [(1, 96, 56, 56), (1, 28, 28, 28), (1, 197, 64)]
    assert find_layouts(first) == [Layout.MAPS, Layout.MAPS, Layout.TOKENS]
