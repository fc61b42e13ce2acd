"""What the doctor of a dataset can find, as plain data that survives a round trip through JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Kind(StrEnum):
    """What is odd: about one file, about several files of the same content, or about the dataset as a whole."""

    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    WRONG_NAME = "wrong name"
    TINY = "tiny"
    HUGE = "huge"
    ANIMATED = "animated"
    INVISIBLE = "fully transparent"
    CONSTANT = "constant"
    COLOUR_MODE = "colour mode"
    ROTATED = "rotated by EXIF"
    ASPECT = "extreme aspect ratio"
    DUPLICATE = "duplicate"
    LEAKAGE = "leakage"
    GROUP_LEAK = "group in several parts"
    LABEL_CONFLICT = "label conflict"
    LABEL_SUSPECT = "label suspect"
    OUTSIDE = "outside a class"
    LISTING = "left out of the listing"
    CLASS_NAME = "odd name of a class"
    EMPTY_CLASS = "empty class"
    GROUP_HINT = "possible groups"
    SMALL_CLASS = "near-empty class"
    IMBALANCE = "imbalance"
    SAME_CLASS_NAME = "class names alike"
    MISSING_CLASS = "class missing from a part"
    MIXED_SIZES = "mixed sizes"
    MIXED_MODES = "mixed colour modes"
    DEEP = "over 8 bits"


class Severity(StrEnum):
    """How much it matters: results would be wrong, a look is worth while, good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One odd thing: where (``path``), what (``problem``), and what is done about it or can be (``action``).

    ``name`` is the picture's name within the dataset, by which it can be excluded, or '' for a class or the dataset;
    ``related`` are the names of other pictures it concerns; ``group`` numbers pictures of the same content.
    """

    path: str
    kind: Kind
    problem: str
    action: str
    severity: Severity
    name: str = ""
    related: tuple[str, ...] = ()
    group: int | None = None
    excluded: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a finding from its fields as JSON values."""
        enums = {"kind": Kind(values["kind"]), "severity": Severity(values["severity"])}
        return cls(**{**values, **enums, "related": tuple(values["related"])})


LABEL_SUSPECT_WORDS = (
    "Of ten pictures named as label suspects, about eight or nine are truly mislabelled where 15 of 100 labels are "
    "wrong, and about six where 5 are; the doctor finds about five of ten. Where all labels are right it still names "
    "one or two pictures in a hundred: look before you exclude."
)
"""What was measured with planted wrong labels on the bundled targets: docs/benchmarks.md."""


@dataclass(frozen=True, slots=True)
class Report:
    """The doctor's findings, worst first.

    ``images`` counts the pictures that can be opened; ``groups`` lists the names of pictures of the same content;
    ``nearest_agreement`` is the share of pictures, 0 to 1, whose nearest neighbours in feature space mostly have their
    label, None where no features were looked at.
    """

    data: str
    classes: tuple[str, ...]
    images: int
    findings: tuple[Finding, ...]
    groups: tuple[tuple[str, ...], ...]
    nearest_agreement: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a report from ``to_json``."""
        return cls(
            data=values["data"],
            classes=tuple(values["classes"]),
            images=values["images"],
            findings=tuple(Finding.from_json(finding) for finding in values["findings"]),
            groups=tuple(tuple(group) for group in values["groups"]),
            nearest_agreement=values["nearest_agreement"],
        )

    def with_exclusions(self, names: Collection[str]) -> Report:
        """Return the report with each finding marked whose picture is excluded."""
        marked = tuple(replace(finding, excluded=finding.name in names) for finding in self.findings)
        return replace(self, findings=marked)


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, then kind, then path."""
    severities, kinds = list(Severity), list(Kind)
    return tuple(sorted(findings, key=lambda f: (severities.index(f.severity), kinds.index(f.kind), f.path)))


def duplicate_groups(report: Report, names: Sequence[str]) -> NDArray[np.int64]:
    """Return a group number for each named picture, (N,), by a report."""
    return number_groups(report.groups, names)


def number_groups(groups: Sequence[Sequence[str]], names: Sequence[str]) -> NDArray[np.int64]:
    """Return a group number for each named picture, (N,): the same for pictures of the same content, else its own."""
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    alone = len(groups)
    return np.array([group_of.get(name, alone + at) for at, name in enumerate(names)], dtype=np.int64)
