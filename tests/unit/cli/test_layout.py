"""Columns that fit a line: who is left out first, who is shortened, and a name cut in its middle."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tlviz.cli.layout import Column, fit, shorten

COLUMNS = (Column("name", is_long=True, enough=20), Column("share"), Column("seconds", rank=1), Column("tags", rank=2))


@pytest.mark.parametrize(
    ("available", "given"),
    [
        (200, [30, 5, 7, 9]),
        (57, [30, 5, 7, 9]),
        (50, [23, 5, 7, 9]),
        (46, [30, 5, 7, 0]),
        (35, [28, 5, 0, 0]),
        (20, [13, 5, 0, 0]),
        (15, [8, 5, 0, 0]),
        (10, [4, 4, 0, 0]),
    ],
)
def test_the_least_important_is_left_out_then_the_name_is_shortened(available: int, given: list[int]) -> None:
    assert fit(COLUMNS, [30, 5, 7, 9], available) == given


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghij", 9, "abcd…ghij"),
        ("abcdefghij", 8, "abcd…hij"),
        ("abcdefghij", 1, "…"),
        ("abcdefghij", 0, ""),
        ("犬犬犬犬", 7, "犬犬…犬"),
        ("犬犬犬犬", 6, "犬…犬"),
        ("ab👨‍👩‍👧cd", 5, "ab…cd"),
        ("👨‍👩‍👧xxxx👨‍👩‍👧", 5, "👨‍👩‍👧…👨‍👩‍👧"),
    ],
)
def test_a_long_name_loses_its_middle_and_no_half_character(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short
    assert cell_len(shorten(text, width)) <= width
