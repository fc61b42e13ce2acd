"""When a race looks back."""

from __future__ import annotations

import pytest

from tlviz.runs.races.halving import rungs


@pytest.mark.parametrize(
    ("epochs", "expected"), [((10,), (4, 7)), ((9,), (3, 6)), ((10, 3), (1, 2)), ((2,), (1,)), ((1,), ()), ((), ())]
)
def test_a_race_looks_back_after_a_third_and_two_thirds_of_its_shortest_run(
    epochs: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert rungs([{"epochs": count} for count in epochs]) == expected
