"""How a target is read: what a person decided, what was found, and what stays a question."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from tlviz.data.pixels.depth import Depth, plain
from tlviz.errors import BadDatasetError, BadSettingError


class Layout(StrEnum):
    """What the folders of a target stand for."""

    CLASSES = "classes"
    """One folder a class; in each, perhaps, one folder a part."""
    PARTS = "parts"
    """One folder a part (training, validation, test), in each one folder a class."""
    LEAVES = "leaves"
    """The innermost folders that hold pictures are the classes, those of one name together: mammal/cat, mammal/dog."""
    NAMES = "names"
    """The names of the files say the class: cat.0.jpg, dog.1.jpg; folders count where they are parts."""


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What a person decided about reading a target; None is left to the program, which says what it guesses.

    The columns are those of a table.  ``group_column`` names, in a table, the column whose equal values stay in one
    part, such as a patient; ``group_pattern`` is a regular expression whose first group does the same with file names.
    ``class_pattern`` is one whose first group is the class of a file of the layout ``names``.
    ``value_range``, ``bands`` and ``no_data`` are those of ``Depth``, as a person writes them.
    """

    layout: Layout | None = None
    label_column: str | None = None
    path_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    group_pattern: str | None = None
    class_pattern: str | None = None
    value_range: str | None = None
    bands: str | None = None
    no_data: float | None = None

    def __post_init__(self) -> None:
        """Bring the layout to its kind, and check the rest.  Raises ``BadSettingError``."""
        _ = self.depth
        if self.layout is not None:
            try:
                object.__setattr__(self, "layout", Layout(self.layout))
            except ValueError:
                known = ", ".join(Layout)
                raise BadSettingError(f"'{self.layout}' is no layout of folders; choose from {known}.") from None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from ``to_json``; unknown and empty values are ignored.  Raises ``BadSettingError``."""
        names = {field.name for field in fields(cls)}
        given = {name: value for name, value in values.items() if name in names and value is not None and value != ""}
        decided: dict[str, Any] = {name: str(value) for name, value in given.items()}
        if "no_data" in decided:
            decided["no_data"] = read_no_data(decided["no_data"])
        return cls(**decided)

    def to_json(self) -> dict[str, str]:
        """Return what was decided, as JSON values."""
        return {name: plain(value) if name == "no_data" else str(value) for name, value in self.decided().items()}

    def decided(self) -> dict[str, Any]:
        """Return what was decided, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def depth(self) -> Depth:
        """What was decided about deep pictures."""
        return Depth.from_text(self.value_range, self.bands, self.no_data)

    def without_depth(self) -> ReadAs:
        """Return these decisions without those about deep pictures."""
        return replace(self, value_range=None, bands=None, no_data=None)

    def over(self, other: ReadAs) -> ReadAs:
        """Return these decisions, and the other's where none was made here."""
        return ReadAs(**(other.decided() | self.decided()))


def read_no_data(text: str) -> float:
    """Return the value that stands for no data, as a person wrote it.  Raises ``BadSettingError``."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadSettingError(f"'{text[:40]}' is no value of no data; write a number such as -9999.")
    return value


GUESSED = ReadAs()
"""Nothing decided: the program looks for itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """Two readings of one target that contradict each other: a sentence, and the option that settles it.

    ``option`` is a field of ``ReadAs``; ``choices`` are its values that make sense here, the one in use first.
    The sentence has no full stop, as what settles it is added.
    """

    sentence: str
    option: str
    choices: tuple[str, ...]

    @property
    def settled_by(self) -> str:
        """The options of the command line that settle the question."""
        options = [f"--{self.option.replace('_', '-')} {shlex.quote(choice)}" for choice in self.choices]
        return f"{', '.join(options[:-1])} or {options[-1]}" if len(options) > 1 else "".join(options)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or row that is not used, and why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a target was read: ``layout`` in words, the columns of a table, and what is not certain.

    ``used`` holds the decisions that would give the same reading again.  What else could be decided are the ``columns``
    of a table, or the ``layouts`` that folders can be read by, the one in use first.
    """

    layout: str = ""
    label_column: str | None = None
    path_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    questions: tuple[Question, ...] = ()
    used: ReadAs = GUESSED
    columns: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()

    def in_words(self) -> str:
        """Say how the target is read: its layout, and the columns of a table that the layout does not name."""
        columns = {
            "labels": self.label_column,
            "paths": self.path_column,
            "parts": self.split_column,
            "groups": self.group_column,
        }
        said = [f"{what} from {name}" for what, name in columns.items() if name and name not in self.layout]
        return "; ".join(filter(None, [self.layout, *said]))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild what ``to_json`` returned; other keys are ignored."""
        told: dict[str, Any] = {name: str(values[name]) for name in cls().to_json() if values.get(name)}
        return cls(**told)

    def to_json(self) -> dict[str, str | None]:
        """Return what a person is told: the layout in words, and the columns."""
        names = ("layout", "label_column", "path_column", "split_column", "group_column")
        return {name: getattr(self, name) for name in names}


UNSAID = Reading()
"""The reading of a target that cannot be read in two ways."""


def need_answers(reading: Reading) -> None:
    """Raise ``BadDatasetError``, one sentence with the options that settle it, where a reading has open questions."""
    if reading.questions:
        asked = "; ".join(f"{one.sentence.rstrip('. ')}: say {one.settled_by}" for one in reading.questions)
        raise BadDatasetError(f"{asked}; or choose on the Target page.")
