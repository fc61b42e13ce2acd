"""What experiments measured: tables of numbers with their uncertainty, the command, the version and the date."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tlviz.errors import BadLessonError
from tlviz.home import ASSETS, make_folder, write_atomic
from tlviz.measures.paired import mean_and_error, normal_95, t_95
from tlviz.small_files import MB, DamagedFileError, read_json

SHIPPED = ASSETS / "learn" / "results"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error, None where nobody can tell it, and the number of seeds (0: not of seeds)."""

    mean: float
    error: float | None
    seeds: int


@dataclass(frozen=True, slots=True)
class Difference:
    """First less second: the mean, and half of its 95% interval, None where nobody can tell it."""

    mean: float
    half: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """One experiment's numbers.

    ``values`` is {measure: {row: {seed: number}}} of a race; of a profile the seed is ``""`` and ``errors`` holds the
    standard errors as {measure: {row: error}}.
    """

    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    errors: Mapping[str, Mapping[str, float]]

    @property
    def rows(self) -> list[str]:
        """Return the rows in their order."""
        return list(dict.fromkeys(row for table in self.values.values() for row in table))

    def estimate(self, measure: str, row: str) -> Estimate | None:
        """Return a row's number, None where it was not measured."""
        found = self.values.get(measure, {}).get(row, {})
        if not found:
            return None
        numbers = list(found.values())
        mean, error = mean_and_error(numbers)
        if "" in found:
            return Estimate(mean, self.errors.get(measure, {}).get(row), 0)
        return Estimate(mean, error, len(numbers))

    def difference(self, measure: str, first: str, second: str) -> Difference | None:
        """Return how far one row is above another, paired by seed; None where either was not measured.

        The noise is that of the differences themselves: rows may be noisy in their own ways, so none lends its noise.
        """
        one, other = (self.values.get(measure, {}).get(row, {}) for row in (first, second))
        common = [seed for seed in one if seed in other]
        if not common:
            return None
        mean, error = mean_and_error([one[seed] - other[seed] for seed in common])
        if common == [""]:
            return Difference(mean, _half_of(self.errors.get(measure, {}).get(row) for row in (first, second)))
        return Difference(mean, None if error is None else t_95(len(common) - 1) * error)


def interval_of(estimate: Estimate) -> float | None:
    """Return half of the 95% interval of a number, None where nobody can tell it."""
    if estimate.error is None:
        return None
    return (t_95(estimate.seeds - 1) if estimate.seeds > 1 else normal_95()) * estimate.error


def _half_of(errors: Any) -> float | None:
    known = list(errors)
    return None if None in known else normal_95() * math.sqrt(math.fsum(error**2 for error in known))


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured for a card, and how: the command, the version, the date, and a word on the machine.

    ``plans`` are the experiments as they were, by name.
    """

    card: str
    tables: Mapping[str, Table]
    command: str
    version: str
    date: str
    machine: str
    plans: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def write_measured(folder: Path, measured: Measured) -> Path:
    """Write a card's numbers and return the file.  Raises ``StorageError``."""
    path = make_folder(folder) / f"{measured.card}.json"
    values = measured.to_json()
    text = json.dumps(values | {"tables": _rounded(values["tables"])}, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(path, f"{text}\n".encode())
    return path


def read_measured(path: Path) -> Measured:
    """Read a card's numbers.  Raises ``BadLessonError`` where there are none or they are damaged."""
    try:
        values = read_json(path, 4 * MB)
        tables = {name: Table(table["values"], table["errors"]) for name, table in values["tables"].items()}
        for table in tables.values():
            _check_numbers(table)
        plans = dict(values.get("plans", {}))
        return Measured(tables=tables, plans=plans, **{key: str(values[key]) for key in _TEXTS})
    except FileNotFoundError as error:
        raise BadLessonError(f"Nothing was measured for this card yet: there is no {path.name}.") from error
    except (OSError, DamagedFileError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadLessonError(f"{path} cannot be read; measure the card again, or remove the file.") from error


_TEXTS = ("card", "command", "version", "date", "machine")


def _check_numbers(table: Table) -> None:
    numbers = [value for rows in table.values.values() for row in rows.values() for value in row.values()]
    numbers += [value for rows in table.errors.values() for value in rows.values()]
    if not all(isinstance(value, int | float) for value in numbers):
        raise ValueError


def _rounded(value: Any) -> Any:
    """Return numbers with six digits: more say nothing and make files hard to compare."""
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value
