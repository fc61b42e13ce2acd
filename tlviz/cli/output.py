"""What the commands print: one JSON object, or words and tables, on standard output; progress on standard error.

Tables and colours are for terminals.  A pipe, a file or ``TERM=dumb`` gets the same rows with tabs between the cells,
every column whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from tlviz.cli.layout import GAP, Column, fit, shorten

OUTPUT = "Output"
"""The panel of the help for what and where a command writes."""
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.", rich_help_panel=OUTPUT)]
stderr = Console(stderr=True, highlight=False)
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: a line for each row, a head for each column."""

    columns: Sequence[Column]
    cells: Sequence[Sequence[str]]
    is_right: Sequence[bool]

    def plain(self) -> str:
        """Return every column whole, with tabs between the cells."""
        lines = [[column.title for column in self.columns], *self.cells]
        return "\n".join("\t".join(line) for line in lines)

    def drawn(self, width: int) -> Table:
        """Lay the rows out for a terminal of this many cells: one line a row."""
        heads = [column.title for column in self.columns]
        needed = [max(map(cell_len, cells)) for cells in zip(heads, *self.cells, strict=True)]
        widths = fit(self.columns, needed, width)
        shown = [at for at, given in enumerate(widths) if given]
        result = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)
        for at in shown:
            head = Text(shorten(heads[at], widths[at]))
            side: JustifyMethod = "right" if self.is_right[at] else "left"
            result.add_column(head, justify=side, no_wrap=True, min_width=widths[at], max_width=widths[at])
        for line in self.cells:
            result.add_row(*(Text(shorten(line[at], widths[at])) for at in shown))
        return result


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one thing: a name and a value a line."""

    values: dict[str, Any]

    def plain(self) -> str:
        """Return a line for each, with a tab between name and value."""
        return "\n".join(f"{_words(name)}\t{cell(value)}" for name, value in self.values.items())

    def drawn(self, width: int) -> Table:
        """Lay the facts out for a terminal: the values beside their names, long ones over several lines."""
        result = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        result.add_column(no_wrap=True, style="bold", max_width=width // 2)
        result.add_column(overflow="fold")
        for name, value in self.values.items():
            result.add_row(Text(_words(name)), Text(cell(value)))
        return result


Readable = str | Rows | Facts


def table(rows: Sequence[dict[str, Any]], columns: Sequence[Column] = ()) -> Rows:
    """Return rows with the same keys as a table, with a column for each key where none are named."""
    columns = columns or [Column(key, rank=at, is_long=at == 0) for at, key in enumerate(rows[0] if rows else ())]
    values = [[row.get(column.key) for column in columns] for row in rows]
    is_right = [
        column.is_right or all(_is_number(line[at]) for line in values if line[at] is not None)
        for at, column in enumerate(columns)
    ]
    return Rows(columns, [list(map(cell, line)) for line in values], is_right)


def print_result(result: dict[str, Any], as_json: bool, *readable: Readable) -> None:
    """Print the one JSON object, or what a person reads."""
    if as_json:
        print(json.dumps(_finite(result), allow_nan=False))
        return
    for part in readable:
        show(part)


def show(part: Readable, console: Console | None = None) -> None:
    """Print words or a table on standard output or another console: laid out on a terminal, plain elsewhere."""
    console = console or Console(highlight=False)
    if isinstance(part, str) or not on_terminal(console):
        _write(console, part if isinstance(part, str) else part.plain())
    else:
        console.print(part.drawn(console.width))


def tell(words: str) -> None:
    """Print a line of progress on standard error."""
    _write(stderr, words)


def on_terminal(console: Console | None = None) -> bool:
    """Return whether what is printed is drawn on a terminal that can move its cursor."""
    console = console or Console()
    return console.is_terminal and not console.is_dumb_terminal


def cell(value: Any) -> str:
    """Return a value in one line: numbers rounded, nothing for None, no character that would move the cursor."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = f"{value:,}" if isinstance(value, int) else str(value)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == _JOINER else " " for sign in text)


def share(value: float | None) -> str | None:
    """Return a share of 1 as a percentage with the one digit that a few hundred images can tell."""
    return None if value is None else f"{value:.1%}"


def _write(console: Console, words: str) -> None:
    """Print words as they are: no markup in them is read, no line is broken."""
    console.file.write(f"{words}\n")
    console.file.flush()


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(value: Any) -> Any:
    """Return values with null for numbers that JSON cannot hold, which only a damaged file has."""
    if isinstance(value, dict):
        return {name: _finite(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
