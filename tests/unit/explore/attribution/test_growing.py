"""What a map looks like before it is done."""

from __future__ import annotations

import pytest
import torch

from tlviz.explore.attribution.growing import FIRST, GrowingIntegral, coarse_grid, filled_grid


@pytest.mark.parametrize(("side", "lines"), [(13, [1, 5, 9]), (14, [1, 5, 9, 13]), (2, [1]), (1, [0])])
def test_a_coarse_grid_is_every_fourth_line(side: int, lines: list[int]) -> None:
    assert coarse_grid(side) == [side * row + column for row in lines for column in lines]


def test_what_is_not_known_takes_the_value_of_the_nearest() -> None:
    filled = filled_grid(4, {0: 1.0, 15: 2.0, 12: 3.0})
    assert filled.tolist() == [[1, 1, 1, 1], [1, 1, 1, 2], [3, 3, 2, 2], [3, 3, 2, 2]]


def test_an_integral_is_coarse_ahead_of_what_is_known() -> None:
    """The gradient is the share of the way itself: its mean over all of it is one half, at every step."""
    growing = GrowingIntegral(32)
    growing.begin(torch.tensor(growing.shares()).view(FIRST, 1, 1, 1))
    assert growing.mean().item() == pytest.approx(0.5)
    shares = (torch.arange(32) + 0.5).view(32, 1, 1, 1) / 32
    for part in shares.split(8):
        growing.add(part)
        assert growing.mean().item() == pytest.approx(0.5)
