"""The rows of a table that can be used, and every one that cannot, with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.tables.grid import Grid
from tlviz.data.sources.tables.labels import Labels
from tlviz.data.sources.tables.locate import NOWHERE, Found, Locator
from tlviz.data.sources.tables.parts import Parts
from tlviz.errors import BadDatasetError, listed, quoted

LONGEST_LABEL = 200
NOTES = 100
_MOST_NAMED = 100_000
"""Rows of one kind of reason that are named where all are wanted."""
_LOOKED_AT = 5_000
_STRICT = ("", "train", "val", "test")
_SINGLE = 20
"""Rows left out for one kind of reason are named one by one up to this many; then they are counted."""

T = TypeVar("T")
Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]


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
        self._counts: Counter[str] = Counter()
        self._kinds: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._notes: list[Problem] = []
        self._unnoted = 0

    def add(self, kind: str, rows: Ints, say: Callable[[int], tuple[int, str, str]]) -> None:
        """Note rows left out for one kind of reason; ``say`` gives of each its number, picture and reason.

        Of a table with very many such rows the first are named, and the others are counted.
        """
        named = self._kinds[kind]
        self._counts[kind] += len(rows)
        named.extend(say(at) for at in rows[: max(0, _MOST_NAMED - len(named))].tolist())

    def note(self, where: str, problem: str, action: str) -> None:
        """Note what is odd and does not cost a row."""
        self._notes.append(Problem(where, problem, action))

    def note_more(self, count: int) -> None:
        """Note that so many more rows are odd in the way of the last one."""
        self._unnoted += count

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Return the rows that are not used, and how many more there are."""
        rows = sorted(row for rows in self._kinds.values() for row in rows)
        more = sum(self._counts.values()) - len(rows)
        rest = [LeftOut(str(self._path), f"{more:,} more rows, for the same reasons")] if more else []
        return (*(LeftOut(what or f"{self._path}: row {n}", f"row {n}: {why}") for n, what, why in rows), *rest)

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
            if self._counts[kind] > _SINGLE:
                more = f"{self._counts[kind] - _SINGLE:,} more rows {kind}"
                found.append(Problem(str(self._path), more, "left out"))
        rest = len(self._notes) - NOTES + self._unnoted
        also = [Problem(str(self._path), f"{rest:,} more rows like the last", "see there")] if rest > 0 else []
        return (*found, *self._notes[:NOTES], *also)


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
    found, place = locate_all(grid, paths, locator)
    names, label = _numbered(labels.of_row)
    length = np.array(list(map(len, names)), dtype=np.int64)[label]
    usable = _judge(grid, paths, labels, parts, found, place, length, lost)
    if not len(usable):
        raise BadDatasetError(_nothing(grid, lost))

    def row(at: int) -> Row:
        file = found[place[at]].file
        assert file is not None  # noqa: S101 (it was judged usable)
        group = groups[at] if groups else ""
        return Row(at, grid.first + at, paths[at], file, labels.of_row[at], parts.of_row[at], group)

    of_place = _numbered([one.file for one in found])[1]
    return _one_each(usable, of_place[place[usable]], label[usable], row, parts, lost)


def _numbered(values: Sequence[T]) -> tuple[list[T], Ints]:
    """Return the different values (K), and which of them each is (R,): a million rows hold few of them."""
    names = list(dict.fromkeys(values))
    numbers = {name: at for at, name in enumerate(names)}
    return names, np.fromiter(map(numbers.__getitem__, values), np.int64, len(values))


def locate_all(grid: Grid, paths: Sequence[str], locator: Locator) -> tuple[list[Found], Ints]:
    """Find the picture of each path once: what was found (K), and which of them is each row's (R,).

    Only where several files bear a name does the rest of the row say which is meant.
    """
    names, place = _numbered(paths)
    found = [locator.locate(written) if written else NOWHERE for written in names]
    unsure = np.array([one.is_one_of_several for one in found], dtype=bool)
    for at in np.flatnonzero(unsure[place]).tolist() if unsure.any() else ():
        found.append(locator.locate(paths[at], partial(_cells, grid, at)))
        place[at] = len(found) - 1
    for one, count in zip(found, np.bincount(place, minlength=len(found)).tolist(), strict=True):
        if one.way and count:
            locator.ways[one.way] += count
    return found, place


def _judge(
    grid: Grid,
    paths: Sequence[str],
    labels: Labels,
    parts: Parts,
    found: Sequence[Found],
    place: Ints,
    length: Ints,
    lost: Losses,
) -> Ints:
    """Return which rows can be used; note the others by the first thing that they lack.

    ``length`` (R,) counts the signs of their labels.
    """
    rows = len(paths)
    is_there = np.array([one.file is not None for one in found], dtype=bool)[place]
    has_path = np.fromiter(map(bool, paths), bool, rows)
    unclear, no_part = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    unclear[list(labels.why)], no_part[list(parts.why)] = True, True

    def shown(at: int) -> str:
        return quoted(paths[at], 120)[1:-1]

    def lead_nowhere(at: int) -> str:
        why = found[place[at]].why
        return f"the file {shown(at)} {why}" if why.startswith("does") else f"{shown(at)}: {why}"

    left = np.ones(rows, dtype=bool)
    reasons: tuple[tuple[str, Marks, Callable[[int], str]], ...] = (
        ("", ~has_path & (length == 0) & ~unclear, lambda _: ""),
        ("without a path", ~has_path, lambda _: "no path"),
        ("without a picture", ~is_there, lead_nowhere),
        ("without one class", unclear, lambda at: f"{shown(at)}: {labels.why[at]}"),
        ("without a label", length == 0, lambda at: f"{shown(at)} has no label"),
        ("with a label that is a text", length > LONGEST_LABEL, lambda at: f"its label has {length[at]:,} characters"),
        ("that name no part", no_part, lambda at: f"{shown(at)}: {parts.why[at]}"),
    )
    for kind, lacks, say in reasons:
        met = np.flatnonzero(left & lacks)
        left[met] = False
        if kind and len(met):
            lost.add(kind, met, partial(_told, grid, paths, say))
    return np.flatnonzero(left)


def _told(grid: Grid, paths: Sequence[str], say: Callable[[int], str], at: int) -> tuple[int, str, str]:
    return grid.first + at, paths[at], say(at)


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


def _one_each(
    usable: Ints, file: Ints, label: Ints, row: Callable[[int], Row], parts: Parts, lost: Losses
) -> list[Row]:
    """Keep one row a picture; a picture with two labels is left out, as nobody knows which is right.

    ``file`` and ``label`` (n,) number the pictures and labels of the usable rows.  One that is said to test or to
    validate somewhere does not train.
    """
    count = int(label.max()) + 1
    pairs = np.unique(file * count + label) // count
    label_count = np.bincount(pairs, minlength=int(file.max()) + 1)[file]

    def contradicts(at: int) -> tuple[int, str, str]:
        one = row(at)
        several = label_count[np.searchsorted(usable, at)]
        return one.number, one.written, f"the same picture has {several} labels, here {quoted(one.label)}"

    if (label_count > 1).any():
        lost.add("labels", usable[label_count > 1], contradicts)
    usable, file = usable[label_count == 1], file[label_count == 1]
    if not len(usable):
        return []
    firsts, first_of, strictest = _by_file(usable, file, parts)
    rows = {at: row(at) for at in firsts.tolist()}
    _note_repeats(usable, first_of, rows, row, lost)
    return [replace(rows[at], part=_STRICT[of]) for at, of in zip(firsts.tolist(), strictest, strict=True)]


def _by_file(usable: Ints, file: Ints, parts: Parts) -> tuple[Ints, Ints, list[int]]:
    """Return the first row of each file (F,), that of every row's file (n,), and each file's strictest part (F,)."""
    _, start, inverse = np.unique(file, return_index=True, return_inverse=True)
    names, part = _numbered(parts.of_row)
    strict = np.array([_STRICT.index(name) for name in names], dtype=np.int64)[part[usable]]
    most = np.zeros(len(start), dtype=np.int64)
    np.maximum.at(most, inverse, strict)
    order = np.argsort(start)
    return usable[start[order]], usable[start][inverse], most[order].tolist()


def _note_repeats(
    usable: Ints, first_of: Ints, rows: Mapping[int, Row], row: Callable[[int], Row], lost: Losses
) -> None:
    """Say of the first rows that repeat another what becomes of them, and count the others."""
    repeats = np.flatnonzero(usable != first_of)
    parts: dict[int, str] = {}
    for at in repeats[:NOTES].tolist():
        one, first = row(int(usable[at])), rows[int(first_of[at])]
        part = parts.get(first.at, first.part)
        if one.part == part:
            lost.note(one.written, f"row {one.number} repeats row {first.number}", f"row {first.number} is used")
        else:
            problem = f"row {one.number} repeats row {first.number} in another part ({one.part or 'none'})"
            parts[first.at] = max(part, one.part, key=_STRICT.index)
            lost.note(one.written, problem, f"used in the part {parts[first.at] or 'none'} only")
    lost.note_more(max(0, len(repeats) - NOTES))
