"""A map that grows: what comes first, in how large batches, and that nothing is left out or done twice."""

from __future__ import annotations

import pytest
import torch

from tlviz.explore.attribution.growing import (
    FIRST,
    coarse_first,
    filled_grid,
    growing_batches,
    grown_gradients,
    spread,
)


@pytest.mark.parametrize("count", [1, 2, 5, 16, 24, 33, 64, 169])
@pytest.mark.parametrize("most", [1, 3, 4, 16, 32])
def test_batches_hold_everything_once_and_none_is_larger_than_allowed(count: int, most: int) -> None:
    sizes = [len(places) for places in growing_batches(range(count), most)]
    assert sum(sizes) == count
    assert max(sizes) <= most
    assert [at for places in growing_batches(range(count), most) for at in places] == list(range(count))
    assert sizes[0] <= FIRST, "something is to be seen soon"
    if most >= 2 * FIRST and count > FIRST:
        assert min(sizes) >= 2, "a picture alone may be rounded otherwise"


def test_batches_double() -> None:
    assert [len(places) for places in growing_batches(range(60), 16)] == [4, 4, 8, 16, 16, 12]


def test_the_first_of_a_spread_order_lie_far_apart() -> None:
    assert spread(8) == [0, 4, 2, 6, 1, 5, 3, 7]
    assert spread(1) == [0]
    for count in (5, 24, 32, 61):
        assert sorted(spread(count)) == list(range(count))
    assert sorted(spread(32)[:4]) == [0, 8, 16, 24]


def test_a_grid_begins_coarse() -> None:
    order = coarse_first(13)
    assert sorted(order) == list(range(169))
    assert [divmod(at, 13) for at in order[:5]] == [(0, 0), (0, 4), (0, 8), (0, 12), (4, 0)]
    assert {divmod(at, 13)[0] % 2 for at in order[:49]} == {0}


def test_what_is_not_known_takes_the_value_of_the_nearest() -> None:
    filled = filled_grid(4, {0: 1.0, 15: 2.0, 12: 3.0})
    assert filled.tolist() == [[1, 1, 1, 1], [1, 1, 1, 2], [3, 3, 2, 2], [3, 3, 2, 2]]


def test_gradients_stand_at_their_points_and_keep_their_layout() -> None:
    points = (
        torch.arange(2 * 3 * 2 * 2.0).view(2, 3, 2, 2).repeat(5, 1, 1, 1).contiguous(memory_format=torch.channels_last)
    )
    layouts, seen = [], []

    def gradient(batch: torch.Tensor) -> torch.Tensor:
        layouts.append(batch.is_contiguous(memory_format=torch.channels_last))
        return batch * 2

    found = grown_gradients(points, spread(10), 4, gradient, lambda values, places: seen.extend(places))
    assert torch.equal(found, points * 2)
    assert seen == spread(10)
    assert all(layouts)
    assert found.stride() == points.stride()
