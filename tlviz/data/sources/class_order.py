"""The order of classes: numbers by their value, anything else by its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

_NUMBER = re.compile(r"[+\-\u2212]?(\d+([.,]\d*)?|[.,]\d+)")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort the names of classes: where all are numbers (-1, 2, 10, 1.5) by their value, else as text; each once."""
    found = set(names)
    if all(_NUMBER.fullmatch(name.strip()) for name in found):
        return tuple(sorted(found, key=lambda name: (_value(name), name)))
    return tuple(sorted(found))


def _value(name: str) -> Decimal:
    return Decimal(name.strip().replace("\u2212", "-").replace(",", "."))
