"""What the commands print: one JSON object or a table on standard output, progress on standard error."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Column, Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
stderr = Console(stderr=True, highlight=False)


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """Lay out rows with the same keys; the keys are the heads."""
    result = Table(*(Column(name, overflow="fold") for name in rows[0]))
    for row in rows:
        result.add_row(*(_cell(value) for value in row.values()))
    return result


def print_result(result: dict[str, Any], as_json: bool, readable: RenderableType) -> None:
    """Print the one JSON object, or what a person reads."""
    if as_json:
        print(json.dumps(_finite(result), allow_nan=False))
    else:
        Console(highlight=False).print(readable, markup=False, soft_wrap=isinstance(readable, str))


def _finite(value: Any) -> Any:
    """Return values with null for numbers that JSON cannot hold, which only a damaged file has."""
    if isinstance(value, dict):
        return {name: _finite(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(str(value))
