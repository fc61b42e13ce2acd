"""What the cells of a column are: text, whole numbers, fractions, dates, addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tlviz.data.sources.folder import is_picture_name

TRUE = frozenset({"1", "1.0", "1,0", "true", "yes", "y", "t", "x", "ja", "oui", "sí", "si", "да", "✓", "+1"})
FALSE = frozenset({"0", "0.0", "0,0", "false", "no", "n", "f", "nein", "non", "нет", ""})
MISSING = frozenset({"", "nan", "NaN", "#N/A", "<NA>", "NaT"})
"""What programs write where there is no value; NA and None may be classes."""
_WHOLE = re.compile(r"[+-]?\d+([.,]0+)?")
_FRACTION = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*|\d{1,2}:\d{2}(:\d{2})?.*")
_HASH = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_BOX = re.compile(r"[\[(]?-?\d+(\.\d+)?([,;\s]+-?\d+(\.\d+)?){2,}[\])]?")
_ADDRESS = re.compile(r"(https?|ftp|s3|gs)://.*", re.IGNORECASE)


class Holds(StrEnum):
    """What most cells of a column are."""

    TEXT = "text"
    YES_NO = "yes or no"
    WHOLE = "whole numbers"
    FRACTION = "fractions"
    DATE = "dates"
    PATH = "paths"
    ADDRESS = "addresses"
    OTHER = "something else"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a sample of a column holds: cells that are not empty, and how many different ones."""

    holds: Holds
    filled: int
    distinct: int
    rows: int

    @property
    def repeats(self) -> bool:
        """Return whether values come several times each, two different ones or more."""
        return 2 <= self.distinct <= self.filled / 2

    @property
    def is_balanced(self) -> bool:
        """Return whether a good share of the rows has a value."""
        return self.filled * 10 >= self.rows


def contents_of(cells: Sequence[str]) -> Contents:
    """Look at a sample of a column's cells."""
    counts = Counter(cell for cell in cells if cell not in MISSING)
    filled = sum(counts.values())
    if not counts:
        return Contents(Holds.NOTHING, 0, 0, len(cells))
    return Contents(_holds(list(counts)), filled, len(counts), len(cells))


def is_yes_no(cells: Sequence[str]) -> bool:
    """Return whether every cell says yes or no, one of them with a sign."""
    values = {cell.casefold() for cell in set(cells)}
    return values <= TRUE | FALSE and values != {""}


def is_address(cell: str) -> bool:
    """Return whether a cell is an address of the web."""
    return bool(_ADDRESS.fullmatch(cell))


def _holds(values: Sequence[str]) -> Holds:
    short = [value[:300] for value in values[:2000]]

    def share(pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(value)) for value in short) / len(short)

    folded = {value.casefold() for value in values}
    if folded <= TRUE | FALSE and folded & FALSE:
        return Holds.YES_NO
    if share(_ADDRESS) > 0.5:
        return Holds.ADDRESS
    if sum(map(is_picture_name, short)) * 2 > len(short):
        return Holds.PATH
    if share(_DATE) > 0.8:
        return Holds.DATE
    if share(_WHOLE) == 1:
        return Holds.WHOLE
    if share(_FRACTION) > 0.9:
        return Holds.FRACTION
    is_prose = sum(map(len, short)) / len(short) > 60
    return Holds.OTHER if is_prose or share(_HASH) > 0.8 or share(_BOX) > 0.8 else Holds.TEXT
