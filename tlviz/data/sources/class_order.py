"""The order of class names: numbers by their value, everything else as text."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)")


def in_order(names: Collection[str]) -> tuple[str, ...]:
    """Sort names; where all are numbers (-1, 2, 10, 1.5) by their value, which int() refuses for 5,000 digits."""
    if all(_NUMBER.fullmatch(name) for name in names):
        return tuple(sorted(names, key=lambda name: (Decimal(name.replace(",", ".")), name)))
    return tuple(sorted(names))
