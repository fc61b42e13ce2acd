"""How pictures with more than 8 bits a value, or with more than three bands, become 8-bit colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tlviz.errors import BadSettingError

MOST_BANDS = 512


@dataclass(frozen=True, slots=True)
class Depth:
    """What was decided about deep pictures; pictures of 8 bits and three bands are never touched.

    The values from ``value_range`` become 0 to 255, those beyond it are cut off; None is the range of the file's format
    for 16-bit values, and a picture's own for anything wider.  ``bands`` are the bands, counted from 1, that are red,
    green and blue; None is the first three, or the first alone where there are two.  ``no_data`` is the value that
    stands for nothing and becomes white, beside what the file itself calls so.
    """

    value_range: tuple[float, float] | None = None
    bands: tuple[int, int, int] | None = None
    no_data: float | None = None

    def __post_init__(self) -> None:
        """Check the values.  Raises ``BadSettingError``."""
        if self.value_range is not None:
            low, high = self.value_range
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise BadSettingError(
                    f"value range is {low:.10g}:{high:.10g}; it must be two numbers, the lower one first, as in 0:4095."
                )
        if self.bands is not None and not all(1 <= band <= MOST_BANDS for band in self.bands):
            said = ",".join(map(str, self.bands))
            raise BadSettingError(f"bands is {said}; bands are counted from 1 to {MOST_BANDS}, as in 4,3,2.")

    @classmethod
    def from_text(cls, value_range: str | None, bands: str | None, no_data: float | None) -> Self:
        """Read what a person wrote: ``0:4095``, ``4,3,2`` (or one band for grey).  Raises ``BadSettingError``."""
        return cls(
            None if value_range is None else _range(value_range), None if bands is None else _bands(bands), no_data
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from ``to_json``.  Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``BadSettingError``."""
        span, bands, no_data = (values.get(name) for name in ("value_range", "bands", "no_data"))
        return cls(
            None if span is None else (float(span[0]), float(span[1])),
            None if bands is None else (int(bands[0]), int(bands[1]), int(bands[2])),
            None if no_data is None else float(no_data),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what was decided as JSON values, without what was not."""
        values = {
            "value_range": self.value_range and [*self.value_range],
            "bands": self.bands and [*self.bands],
            "no_data": self.no_data,
        }
        return {name: value for name, value in values.items() if value is not None}

    def over(self, other: Depth) -> Depth:
        """Return what was decided here, and the other's where nothing was."""
        return Depth(
            self.value_range or other.value_range,
            self.bands or other.bands,
            other.no_data if self.no_data is None else self.no_data,
        )

    def to_text(self) -> dict[str, Any]:
        """Return what was decided as the settings of a run write it."""
        values = {
            "value_range": self.value_range and ":".join(map(plain, self.value_range)),
            "bands": self.bands and ",".join(map(str, self.bands)),
            "no_data": self.no_data,
        }
        return {name: value for name, value in values.items() if value is not None}


AS_STORED = Depth()
"""Nothing decided: 16-bit values by their format's range, anything wider by each picture's own."""


def plain(number: float) -> str:
    """Write a number so that it is read back exactly, whole ones without a point."""
    return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)


def in_words(depth: Depth, otherwise: str = "") -> str:
    """Say which values become 0 to 255; ``otherwise`` is said where nobody decided."""
    if depth.value_range is None:
        return otherwise or "the range of their format, or their own, became 0 to 255"
    low, high = depth.value_range
    return f"values from {low:,.7g} to {high:,.7g} became 0 to 255"


def decided_in_words(depth: Depth) -> str:
    """Say what was decided about deep pictures, '' where nothing was."""
    said = depth.to_text()
    words = [f"values from {said['value_range'].replace(':', ' to ')}"] if depth.value_range else []
    words += [f"bands {said['bands']} as red, green and blue"] if depth.bands else []
    words += [f"{plain(depth.no_data)} for no data"] if depth.no_data is not None else []
    return f"deep pictures with {', '.join(words)}" if words else ""


def _range(text: str) -> tuple[float, float]:
    parts = text.replace(" ", "").split(":")
    try:
        low, high = map(float, parts)
    except ValueError:
        raise BadSettingError(
            f"'{text[:40]}' is no range of values; write the lowest and the highest, as in 0:4095."
        ) from None
    return low, high


def _bands(text: str) -> tuple[int, int, int]:
    parts: Sequence[str] = text.replace(" ", "").split(",")
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in {1, 3}:
        raise BadSettingError(
            f"'{text[:40]}' is no choice of bands; write red, green and blue, as in 4,3,2, or one for grey."
        )
    red, green, blue = numbers if len(numbers) == 3 else numbers * 3
    return red, green, blue
