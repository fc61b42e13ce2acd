"""Columns of ones and zeros: one column a class with one yes a row (one-hot), or several a row (multi-label)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.data.sources.tables.contents import FALSE, TRUE
from tlviz.data.sources.tables.grid import Grid
from tlviz.data.sources.tables.words import Meaning, flag_part, label_meaning
from tlviz.errors import listed

_MOST_RUNS = 200
_MINUS = frozenset({"-1", "-1.0"})

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OneHot:
    """Columns (K) that mark the class; of a sample of the rows, the shares that mark none and several."""

    columns: tuple[str, ...]
    none: float
    several: float


def find_one_hot(grid: Grid, names: Sequence[str]) -> tuple[OneHot | None, tuple[str, ...]]:
    """Return the one-hot columns among ``names``, or None, and all columns of ones and zeros but those of parts."""
    binary = [name for name in names if _is_binary(grid.sample(name)) and label_meaning(name) != (Meaning.LABEL, 2)]
    no_parts = [name for name in binary if not flag_part(name)]
    if len(no_parts) < 2:
        return None, tuple(no_parts)
    marks = np.array([marked(grid.sample(name)) for name in binary], dtype=bool).T
    if len(no_parts) < len(binary) and (found := _judge(binary, marks)):
        return found, tuple(binary)  # a class may be called train
    kept = set(no_parts)
    marks = marks[:, [name in kept for name in binary]]
    found = _judge(no_parts, marks) or _longest_run(grid, no_parts, marks)
    return found, tuple(no_parts)


def marked(cells: Sequence[str]) -> list[bool]:
    """Return which cells (R,) say yes."""
    yes = {cell for cell in set(cells) if cell.casefold() in TRUE}
    return [cell in yes for cell in cells]


def classes_of(grid: Grid, columns: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    """Return the one column that each row marks, (R,), and {row: reason} for the rows that mark none or several."""
    marks = np.array([marked(grid.column(name)) for name in columns], dtype=bool)
    count = marks.sum(0)
    labels = [columns[at] for at in marks.argmax(0).tolist()]
    why: dict[int, str] = {}
    for at in np.flatnonzero(count != 1).tolist():
        labels[at] = ""
        said = [columns[one] for one in np.flatnonzero(marks[:, at]).tolist()]
        why[at] = f"it is marked {listed(said)}" if said else "no class is marked"
    return labels, why


def _is_binary(cells: Sequence[str]) -> bool:
    values = {cell.casefold() for cell in set(cells)}
    return values <= TRUE | FALSE | _MINUS and values != {""}


def _judge(names: Sequence[str], marks: Marks) -> OneHot | None:
    """Return columns (K) as one-hot where hardly a row of ``marks`` (R, K) has several and most have one."""
    return _judge_counts(names, marks.sum(1), int(marks.any(0).sum()))


def _judge_counts(names: Sequence[str], per_row: NDArray[np.int64], used: int) -> OneHot | None:
    rows = len(per_row)
    none, several = int((per_row == 0).sum()), int((per_row > 1).sum())
    few = rows // 10 if len(names) > 2 else rows // 50
    if rows < 2 or several > max(1, few) or used < 2:
        return None
    if none > (max(2, rows // 2) if len(names) > 2 else max(1, few)) or (none + several) * 2 > rows:
        return None
    return OneHot(tuple(names), none / rows, several / rows)


def _longest_run(grid: Grid, binary: Sequence[str], marks: Marks) -> OneHot | None:
    """Return the longest run of neighbouring columns that is one-hot: other marks stand before and after classes."""
    if not 2 < len(binary) <= _MOST_RUNS:
        return None
    place = [grid.place(name) for name in binary]
    sums = np.cumsum(np.pad(marks.astype(np.int64), ((0, 0), (1, 0))), axis=1)
    used = np.concatenate([[0], np.cumsum(marks.any(0))])
    for width in range(len(binary) - 1, 1, -1):
        for start in range(len(binary) - width + 1):
            end = start + width
            if place[end - 1] - place[start] != width - 1:
                continue
            per_row = sums[:, end] - sums[:, start]
            found = _judge_counts(binary[start:end], per_row, int(used[end] - used[start]))
            if found and found.none + found.several < 0.2:
                return found
    return None
