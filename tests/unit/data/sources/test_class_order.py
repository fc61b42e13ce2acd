"""Class names in the order that a person expects."""

from __future__ import annotations

import pytest

from tlviz.data.sources.class_order import in_order


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "9"], ["9", "10"]),
        (["-1", "10", "2"], ["-1", "2", "10"]),
        (["10", "1.5", "2"], ["1.5", "2", "10"]),
        (["1,5", "10", "2"], ["1,5", "2", "10"]),
        (["+1", "-1", "0"], ["-1", "0", "+1"]),
        (["01", "1", "1.0"], ["01", "1", "1.0"]),
        (["٣", "١٠"], ["٣", "١٠"]),
        (["10", "9", "cat"], ["10", "9", "cat"]),
        (["b", "a"], ["a", "b"]),
        (["1e5", "2"], ["1e5", "2"]),
        ([], []),
    ],
)
def test_numbers_by_value_everything_else_as_text(names: list[str], ordered: list[str]) -> None:
    assert list(in_order(names)) == ordered


def test_numbers_too_long_for_int() -> None:
    assert in_order(["9" * 5000, "1" + "0" * 5000, "7"]) == ("7", "9" * 5000, "1" + "0" * 5000)
