"""A table as text that every spreadsheet reads."""

from __future__ import annotations

from tlviz.csv_text import csv_text


def test_none_is_an_empty_cell_and_a_comma_is_quoted() -> None:
    assert csv_text(("name", "accuracy"), [("a, b", 0.5), ('say "x"', None)]) == (
        'name,accuracy\n"a, b",0.5\n"say ""x""",\n'
    )


def test_a_table_without_rows_keeps_its_head() -> None:
    assert csv_text(("name",), []) == "name\n"
