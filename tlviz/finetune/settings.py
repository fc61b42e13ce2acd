"""What a setting of a run is: one row holds all that checks, command line, form, clone, link, sweeps and help need.

The rows are the fields of ``FinetuneConfig``: one more field there is one more setting everywhere.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from tlviz.errors import BadSettingError

Number = int | float


class Group(StrEnum):
    """What a setting is about: a panel of the command line's help and a tab of the form, in this order."""

    RUN = "What"
    TARGET = "How the target is read"
    TRAINS = "What trains"
    RATES = "Rates"
    TRAINING = "Training"
    IMAGES = "Images"
    REGULARISATION = "Regularisation"
    MACHINE = "Machine"


STRATEGY_DECIDES = "as the strategy says"
NETWORK_DECIDES = "the network's own"

Place = Literal["top", "tab", "elsewhere", "nowhere"]
"""Where the app shows a setting: at the top of the form, in its group's tab, on another page or by a control of its
own, or not at all; what has no place goes along with a clone."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    ``kind`` is the type of its values: ``int``, ``float``, ``bool``, ``str``, ``tuple`` of names, or a ``StrEnum``;
    ``is_optional`` lets None through.  ``default`` is None where ``usual`` says in words what decides, such as the
    strategy; ``first`` is what a person begins with where a run cannot do without a value.
    ``low`` and ``high`` are both allowed; ``step`` is the form's.  ``sweep`` holds first values for a race that tries
    several, None where no race can.  ``former`` are names of earlier versions, which are still read.
    ``in_race`` says that a race asks for it once for all its runs, ``in_link`` that the address of the page holds it,
    ``in_range_test`` that the range test reads it, ``of_machine`` that it names the machine and not the training.
    """

    name: str
    kind: type
    is_optional: bool
    default: Any
    group: Group
    label: str
    help: str
    low: Number | None = None
    high: Number | None = None
    step: Number | None = None
    usual: str = ""
    first: Any = None
    place: Place = "tab"
    sweep: str | None = None
    former: tuple[str, ...] = ()
    in_race: bool = False
    in_link: bool = False
    in_range_test: bool = True
    of_machine: bool = False

    @property
    def words(self) -> str:
        """The setting as a sentence names it: its name with spaces."""
        return in_words(self.name)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a setting that is one of a few names, else none."""
        return tuple(self.kind) if issubclass(self.kind, StrEnum) else ()

    def take(self, value: Any) -> Any:
        """Return a value as its kind, checked.  Raises ``BadSettingError`` where it is none or out of its range."""
        if value is None and self.is_optional:
            return None
        if self.choices:
            return self._choice(value)
        if self.kind is tuple:
            return tuple(value)
        if self.low is not None and not self.allows(value):
            raise BadSettingError(f"{self.words} is {value:g}; it must be between {self.low:g} and {self.high:,.10g}.")
        return value

    def allows(self, value: float) -> bool:
        """Return whether a number is in the range."""
        return math.isfinite(value) and self.nearest(value) == value

    def nearest(self, value: float) -> float:
        """Return the allowed value that is nearest to another."""
        low = -math.inf if self.low is None else self.low
        return min(max(low, value), math.inf if self.high is None else self.high)

    def read(self, text: str) -> Any:
        """Return what a person wrote as a value of this kind.  Raises ``BadSettingError`` where it is none."""
        try:
            return self._choice(text) if self.choices else self.kind(text)
        except ValueError:
            hint = "write a whole number" if self.kind is int else "write a number such as 1e-3"
            raise BadSettingError(f"'{text}' is no value of {self.words}; {hint}.") from None

    def _choice(self, value: Any) -> Any:
        try:
            return self.kind(value)
        except ValueError:
            raise BadSettingError(
                f"'{value}' is no value of {self.words}; choose from {', '.join(self.choices)}."
            ) from None


def setting(default: Any = MISSING, *, positional: bool = False, **row: Any) -> Any:
    """Return a dataclass field that is a row of the table; ``row`` are fields of ``Setting``.

    Without a default the field is required.
    """
    return field(default=default, kw_only=not positional, metadata={Setting: row})


def settings_of(config: type) -> dict[str, Setting]:
    """Return the table that the fields of a configuration are, by name, group by group."""
    return _table(config)


def former_names(table: Mapping[str, Setting]) -> dict[str, str]:
    """Return the present name of every setting under each that an earlier version gave it."""
    return {former: row.name for row in table.values() for former in row.former}


def in_words(name: str) -> str:
    """Write the name of a setting as a sentence does: backbone rate, weight decay."""
    return name.replace("_", " ").replace(" lr", " rate")


@cache
def _table(config: type) -> dict[str, Setting]:
    hints = typing.get_type_hints(config)
    rows = []
    for row in fields(config):
        kind, is_optional = _kind(hints[row.name])
        default = None if row.default is MISSING or "usual" in row.metadata[Setting] else row.default
        rows.append(Setting(row.name, kind, is_optional, default, **row.metadata[Setting]))
    order = list(Group)
    return {row.name: row for row in sorted(rows, key=lambda row: order.index(row.group))}


def _kind(hint: Any) -> tuple[type, bool]:
    """Return the type of a field's values, and whether it may be None."""
    if isinstance(hint, types.UnionType):
        (hint,) = (option for option in typing.get_args(hint) if option is not type(None))
        return _kind(hint)[0], True
    return typing.get_origin(hint) or hint, False
