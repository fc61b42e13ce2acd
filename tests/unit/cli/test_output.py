"""Tables of every width on a terminal, plain text in a pipe."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from tlviz.cli.layout import Column
from tlviz.cli.output import Facts, Rows, cell, show, table

COLUMNS = (
    Column("run", is_long=True),
    Column("share", is_right=True),
    Column("parameters", rank=1),
    Column("tags", rank=2, is_long=True, enough=12),
)
NAMES = ("short", "20261130-091500-" + "long-" * 30, "犬の写真" * 20, "👨‍👩‍👧 family " * 12, "tab\tnew\nline\x1b[31m")


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {"run": NAMES[at % len(NAMES)], "share": f"{at / 10:.1%}", "parameters": 10**at % 10**12, "tags": "a, b" * at}
        for at in range(count)
    ]


def drawn(part: Rows | Facts, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
    show(part, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_a_row_is_one_line_that_fits(width: int, count: int) -> None:
    lines = drawn(table(rows(count), COLUMNS), width)
    assert len(lines) == count + 1
    assert max(map(cell_len, lines)) <= width
    assert lines[0].split()[:2] == ["run", "share"], "what matters is always there"
    assert not any("\x1b" in line or "\t" in line for line in lines)


def test_more_columns_come_with_the_width_and_numbers_stand_on_the_right() -> None:
    few = [{"run": "x" * 40, "share": "9.0%", "parameters": 1_234, "tags": "t" * 12}] * 2
    few[1] = few[1] | {"share": "12.0%", "parameters": 1}
    assert [len(drawn(table(few, COLUMNS), width)[0].split()) for width in (50, 60, 80)] == [2, 3, 4]
    first, second = drawn(table(few, COLUMNS), 80)[1:]
    assert first.index("9.0%") + 4 == second.index("12.0%") + 5
    assert first.index("1,234") + 4 == second.index("  1  ") + 2


def test_a_pipe_gets_every_column_whole_with_tabs() -> None:
    console = Console(file=io.StringIO(), width=20)
    show(table(rows(5), COLUMNS), console)
    assert isinstance(console.file, io.StringIO)
    lines = [line.split("\t") for line in console.file.getvalue().splitlines()]
    assert lines[0] == ["run", "share", "parameters", "tags"]
    assert [line[0] for line in lines[1:5]] == list(NAMES[:4])
    assert lines[5] == ["tab new line [31m", "40.0%", "10,000", "a, b" * 4]


def test_facts_are_a_line_each_and_wrap_on_a_terminal() -> None:
    facts = Facts({"best_epoch": 3, "sentence": "word " * 30})
    lines = drawn(facts, 60)
    assert lines[0].split() == ["best", "epoch", "3"]
    assert len(lines) > 3
    assert max(map(cell_len, lines)) <= 60
    assert facts.plain().splitlines()[0] == "best epoch\t3"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (True, "yes"), (False, "no"), (1234567, "1,234,567"), (0.123456, "0.1235"), ("[bold]x", "[bold]x")],
)
def test_a_value_is_rounded_to_what_it_means(value: Any, shown: str) -> None:
    assert cell(value) == shown
