"""Values as the text of a Python program that a person reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 110


def literal(value: Any) -> str:
    """Write a value as Python does with double quotes; JSON's lists, words and numbers are Python's too."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(held)}" for name, held in value.items()) + "}"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def lines(values: Mapping[str, Any] | Sequence[str], indent: int) -> str:
    """Write the entries of a table, as many on a line as fit."""
    rows = (
        [f"{literal(name)}: {literal(value)}" for name, value in values.items()]
        if isinstance(values, Mapping)
        else [literal(value) for value in values]
    )
    found: list[str] = []
    for row in rows:
        if found and indent + len(found[-1]) + len(row) + 2 <= _WIDTH:
            found[-1] += f" {row},"
        else:
            found.append(f"{row},")
    return "\n".join(f"{' ' * indent}{line}" for line in found)


def braced(values: Mapping[str, Any]) -> str:
    """Write a table inside another, on one line where it fits."""
    short = literal(dict(values))
    return short if len(short) < _WIDTH - 10 else f"{{\n{lines(values, 8)}\n    }}"


def plain(words: str) -> str:
    """Return words as they can stand in the head of a program: one line without quotes and backslashes."""
    shown = "".join(letter if letter.isprintable() else " " for letter in words).replace("\\", "/").replace('"', "'")
    return f"{shown[:79]}…" if len(shown) > 80 else shown
