"""Taking fields out of what a YAML file says, with one clear sentence for each mistake."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tlviz.errors import BadLessonError, quoted


@dataclass(frozen=True, slots=True)
class Fields:
    """What one part of a file holds; ``where`` names the part in messages."""

    values: Mapping[str, Any]
    where: str

    @classmethod
    def of(cls, value: Any, where: str) -> Fields:
        """Return a part as fields.  Raises ``BadLessonError`` where it is something else."""
        if not isinstance(value, Mapping):
            raise BadLessonError(f"{where} must hold lines such as 'name: value'.")
        return cls(value, where)

    def only(self, known: Iterable[str]) -> None:
        """Check that there is no other field.  Raises ``BadLessonError`` with the nearest name."""
        names = list(known)
        for name in self.values:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it can have {', '.join(names)}."
                raise BadLessonError(f"{self.where} has an unknown field {quoted(name)}; {hint}")

    def text(self, name: str, default: str | None = None, most: int = 4000) -> str:
        """Return words.  Raises ``BadLessonError`` where they are missing, too long, or something else."""
        value = self.values.get(name, default)
        if value is None:
            raise BadLessonError(f"{self.where} lacks '{name}'.")
        if not isinstance(value, str):
            raise BadLessonError(f"'{name}' in {self.where} is {quoted(str(value))}; write words, in quotes if needed.")
        words = " ".join(value.split())
        if len(words) > most or (default is None and not words):
            raise BadLessonError(f"'{name}' in {self.where} must have 1 to {most:,} characters.")
        return words

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number.  Raises ``BadLessonError``."""
        value = self.values.get(name, default)
        if not _is_number(value):
            raise BadLessonError(f"'{name}' in {self.where} is {quoted(str(value))}; write a number.")
        return float(value)

    def optional(self, name: str) -> float | None:
        """Return a finite number, or None where there is none.  Raises ``BadLessonError``."""
        return self.number(name) if name in self.values else None

    def one_of(self, name: str, choices: Iterable[str], default: str | None = None) -> str:
        """Return one of several words.  Raises ``BadLessonError``."""
        value, known = self.text(name, default), list(choices)
        if value not in known:
            raise BadLessonError(f"'{name}' in {self.where} is {quoted(value)}; it can be {', '.join(known)}.")
        return value

    def items(self, name: str) -> list[Any]:
        """Return a list, empty where there is none.  Raises ``BadLessonError`` for something else."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise BadLessonError(f"'{name}' in {self.where} must be a list: one line each, with '-' before it.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of words.  Raises ``BadLessonError``."""
        value = self.items(name)
        if not all(isinstance(part, str) for part in value):
            raise BadLessonError(f"'{name}' in {self.where} must be a list of words.")
        return tuple(value)

    def parts(self, name: str, called: str) -> list[Fields]:
        """Return a list of parts, each with a number in its name for messages.  Raises ``BadLessonError``."""
        return [Fields.of(part, f"{called} {at} of {self.where}") for at, part in enumerate(self.items(name), start=1)]

    def within(self, name: str) -> Fields:
        """Return a part as fields, empty where there is none.  Raises ``BadLessonError``."""
        return Fields.of(self.values.get(name, {}), f"'{name}' in {self.where}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
