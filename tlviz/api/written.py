"""Calls and commands as text that means the same when it is read again: odd names and paths are quoted."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum
from os import PathLike, fspath
from typing import Any

from tlviz.finetune.settings import Setting
from tlviz.program import command

_WIDTH = 88


def call(function: str, *arguments: Any, **named: Any) -> str:
    """Write a call of Python, an argument a line where it is long."""
    parts = [*map(value_text, arguments), *(f"{name}={value_text(value)}" for name, value in named.items())]
    whole = f"{function}({', '.join(parts)})"
    if len(whole) <= _WIDTH:
        return whole
    return "\n".join([f"{function}(", *(f"    {part}," for part in parts), ")"])


def value_text(value: Any) -> str:
    """Write a value of Python, text in double quotes where that needs no more signs."""
    if isinstance(value, StrEnum):
        value = str(value)
    if isinstance(value, PathLike):
        value = fspath(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(value_text, value))}]"
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text


def shell(*words: str) -> str:
    """Write a command of this program for a shell, after its name."""
    return command(" ".join(map(shell_word, words)))


def shell_word(word: str) -> str:
    """Quote a word for a shell: as it is, in single quotes, or where signs cannot be shown, by their bytes."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = "".join(_escaped(sign) for sign in word)
    return f"$'{escaped}'"


def options(rows: Mapping[str, Setting], chosen: Mapping[str, Any]) -> list[str]:
    """Return settings as the options of a command, in the order of the table."""
    words: list[str] = []
    for name, row in rows.items():
        if name in chosen:
            words += _option(row, chosen[name])
    return words


def _option(row: Setting, value: Any) -> list[str]:
    name = row.name.replace("_", "-")
    if row.kind is bool:
        return [f"--{name}" if value else f"--no-{name}"]
    text = ",".join(map(str, value)) if isinstance(value, tuple | list) else _number_text(value)
    return [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]


def _number_text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _escaped(sign: str) -> str:
    if sign in "\\'":
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    return "".join(f"\\x{byte:02x}" for byte in sign.encode("utf-8", "surrogateescape"))
