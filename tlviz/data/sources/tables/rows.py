"""The rows of a table that can be used, and every one that cannot, with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.tables.grid import Grid
from tlviz.data.sources.tables.labels import Labels
from tlviz.data.sources.tables.locate import Locator
from tlviz.data.sources.tables.parts import Parts
from tlviz.errors import BadDatasetError, listed, quoted

LONGEST_LABEL = 200
_NOTES = 100
_LOOKED_AT = 5_000
_STRICT = ("", "train", "val", "test")
_SINGLE = 20
"""Rows left out for one kind of reason are named one by one up to this many; then they are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place and number, the path as written and as found, its label, part and group."""

    at: int
    number: int
    written: str
    file: Path
    label: str
    part: str
    group: str


class Losses:
    """What is not used of a table: each row for those who want all, a few and a count for a person."""

    def __init__(self, path: Path) -> None:
        """Begin with nothing lost."""
        self._path = path
        self._kinds: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._notes: list[Problem] = []

    def add(self, kind: str, number: int, what: str, reason: str) -> None:
        """Note a row left out: its kind of reason, its number, the picture where it is known, the reason."""
        self._kinds[kind].append((number, what, reason))

    def note(self, where: str, problem: str, action: str) -> None:
        """Note what is odd and does not cost a row."""
        self._notes.append(Problem(where, problem, action))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Return every row that is not used."""
        rows = sorted(row for rows in self._kinds.values() for row in rows)
        return tuple(LeftOut(what or f"{self._path}: row {n}", f"row {n}: {why}") for n, what, why in rows)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what a person reads: the first of each kind, and how many more there are."""
        found = []
        for kind, rows in self._kinds.items():
            for number, what, why in islice(rows, _SINGLE):
                if kind == "labels":
                    found.append(Problem(what, f"row {number}: {why}", "left out"))
                else:
                    found.append(Problem(f"{self._path}: row {number}", why, "left out"))
            if len(rows) > _SINGLE:
                more = f"{len(rows) - _SINGLE:,} more rows {kind}"
                found.append(Problem(str(self._path), more, "left out"))
        rest = len(self._notes) - _NOTES
        also = [Problem(str(self._path), f"{rest:,} more rows like the last", "see there")] if rest > 0 else []
        return (*found, *self._notes[:_NOTES], *also)


def usable_rows(
    grid: Grid,
    paths: Sequence[str],
    labels: Labels,
    parts: Parts,
    groups: Sequence[str],
    locator: Locator,
    lost: Losses,
) -> list[Row]:
    """Return the rows (n,) with a picture, a label and a part; a row without any of the columns is no row.

    Raises ``BadDatasetError`` where none is left.
    """
    step = len(paths) // _LOOKED_AT  # a table of millions of paths that lead nowhere is refused soon
    if step and not any(locator.locate(written).file for written in paths[::step] if written):
        raise BadDatasetError(_nothing(grid, lost))
    rows = []
    for at, written in enumerate(paths):
        number, label = grid.first + at, labels.of_row[at]
        if not written:
            if label or at in labels.why:
                lost.add("without a path", number, "", "no path")
            continue
        found = locator.locate(written, partial(_cells, grid, at))
        shown = quoted(written, 120)[1:-1]
        if found.file is None:
            why = f"the file {shown} {found.why}" if found.why.startswith("does") else f"{shown}: {found.why}"
            lost.add("without a picture", number, written, why)
        elif at in labels.why:
            lost.add("without one class", number, written, f"{shown}: {labels.why[at]}")
        elif not label:
            lost.add("without a label", number, written, f"{shown} has no label")
        elif len(label) > LONGEST_LABEL:
            lost.add("with a label that is a text", number, written, f"its label has {len(label):,} characters")
        elif at in parts.why:
            lost.add("that name no part", number, written, f"{shown}: {parts.why[at]}")
        else:
            rows.append(Row(at, number, written, found.file, label, parts.of_row[at], groups[at] if groups else ""))
    if not rows:
        raise BadDatasetError(_nothing(grid, lost))
    return _drop_contradictions(rows, lost)


def _cells(grid: Grid, at: int) -> list[str]:
    return [cells[at] for cells in grid.cells[:50]]


def check_rows(path: Path, rows: Sequence[Row], parts: Parts) -> None:
    """Raise ``BadDatasetError`` unless there are two classes, each with a picture to train."""
    classes = {row.label for row in rows}
    if len(classes) < 2:
        have = f"one class only ({quoted(next(iter(classes)))})" if classes else "no picture that can be used"
        raise BadDatasetError(f"The table {path} holds {have}; at least two classes are needed.")
    missing = sorted(classes - {row.label for row in rows if row.part in {"train", ""}})
    if missing:
        where = f" by its column {quoted(parts.column)}" if parts.column else ""
        raise BadDatasetError(
            f"The table {path} has no training pictures of {listed(missing)}{where}; every class needs some, or ignore "
            "the parts with --split-column none."
        )


def _nothing(grid: Grid, lost: Losses) -> str:
    left = lost.left_out
    if not left or all("does not exist" in row.reason or "no path" in row.reason for row in left):
        return f"None of the pictures in the table {grid.path} exists; relative paths start at the table's own folder."
    return f"No row of the table {grid.path} can be used; the first: {left[0].reason}."


def _drop_contradictions(rows: Sequence[Row], lost: Losses) -> list[Row]:
    """Keep one row a picture; a picture with two labels is left out, as nobody knows which is right.

    One that is said to test or to validate somewhere does not train.
    """
    labels: dict[Path, set[str]] = defaultdict(set)
    for row in rows:
        labels[row.file].add(row.label)
    kept: dict[Path, Row] = {}
    for row in rows:
        first = kept.get(row.file)
        if len(labels[row.file]) > 1:
            problem = f"the same picture has {len(labels[row.file])} labels, here {quoted(row.label)}"
            lost.add("labels", row.number, row.written, problem)
        elif first is None:
            kept[row.file] = row
        elif row.part == first.part:
            lost.note(row.written, f"row {row.number} repeats row {first.number}", f"row {first.number} is used")
        else:
            problem = f"row {row.number} repeats row {first.number} in another part ({row.part or 'none'})"
            part = max(first.part, row.part, key=_STRICT.index)
            kept[row.file] = replace(first, part=part)
            lost.note(row.written, problem, f"used in the part {part or 'none'} only")
    return list(kept.values())
