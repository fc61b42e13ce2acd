"""The order of classes."""

from __future__ import annotations

import pytest

from tlviz.data.sources.class_order import in_order


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "2", "-1"], ("-1", "2", "10")),
        (["1.5", "1.25", "-0.5", "+2"], ("-0.5", "1.25", "1.5", "+2")),
        (["1,5", "1,25"], ("1,25", "1,5")),
        (["010", "9", "09"], ("09", "9", "010")),
        (["\u22121", "0"], ("\u22121", "0")),
        (["٣", "١٠", "٢"], ("٢", "٣", "١٠")),
        (["10", "2", "cat"], ("10", "2", "cat")),
        (["class 10", "class 2"], ("class 10", "class 2")),
        (["1e3", "2"], ("1e3", "2")),
        (["nan", "1"], ("1", "nan")),
        (["b", "a", "a"], ("a", "b")),
        (["9" * 5000, "8" * 5001, "1"], ("1", "9" * 5000, "8" * 5001)),
        ([], ()),
    ],
)
def test_numbers_are_sorted_by_value_and_others_as_text(names: list[str], ordered: tuple[str, ...]) -> None:
    assert in_order(names) == ordered
