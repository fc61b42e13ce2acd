"""Columns that fit a line: who is left out first, who is shortened, and a name cut in its middle."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from rich.cells import cell_len

import tlviz.cli
from tlviz.cli.layout import GAP, Column, fit, shorten

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


def all_columns() -> dict[str, tuple[Column, ...]]:
    """Return the columns of every command's table."""
    found = {}
    for module in pkgutil.iter_modules(tlviz.cli.__path__, "tlviz.cli."):
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, tuple) and value and all(isinstance(one, Column) for one in value):
                found[f"{module.name}.{name}"] = value
    return found


@pytest.mark.parametrize("columns", all_columns().values(), ids=all_columns())
def test_no_command_breaks_a_name_into_pieces_at_80_columns(columns: tuple[Column, ...]) -> None:
    needed = [60 if column.is_long else max(10, len(column.title)) for column in columns]
    given = fit(columns, needed, 80)
    assert sum(width + GAP for width in given if width) - GAP <= 80
    for column, width, whole in zip(columns, given, needed, strict=True):
        if width:
            assert width == whole or (column.is_long and width >= 16), (column.key, width)
