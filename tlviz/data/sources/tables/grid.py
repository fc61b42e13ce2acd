"""The cells of a table: separators and headers are found, rows of other lengths are brought to the usual one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path

import numpy as np

from tlviz.data.sources.folder import is_picture_name
from tlviz.data.sources.tables.blanks import split_at_blanks
from tlviz.data.sources.tables.text import open_text
from tlviz.data.sources.tables.words import is_heading
from tlviz.errors import BadDatasetError, quoted

SEPARATORS = ",;\t|"
MAX_COLUMNS = 10_000
MAX_CELLS = 25_000_000
"""Their addresses alone take 200 MB."""
_LOOKED_AT = 20
_AT_ONCE = 5_000
_SAMPLE_CELLS = 2_000_000
_SAMPLE = 5_000
_EXCEL = re.compile(r"sep=(.)", re.IGNORECASE)


@dataclass(frozen=True)
class Grid:
    """A table as text: ``cells[c][r]`` without blanks around it; ``first`` is the first row's number in a spreadsheet.

    ``too_long`` are the numbers of rows with more cells than the table has columns.
    """

    path: Path
    names: tuple[str, ...]
    cells: tuple[list[str], ...]
    first: int
    too_long: tuple[int, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look the places of the columns up once: there may be ten thousand."""
        object.__setattr__(self, "places", {name: at for at, name in enumerate(self.names)})

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.cells[0]) if self.cells else 0

    def column(self, name: str) -> list[str]:
        """Return the cells (R,) of a column."""
        return self.cells[self.places[name]]

    def place(self, name: str) -> int:
        """Return where a column stands."""
        return self.places[name]

    def sample(self, name: str) -> list[str]:
        """Return up to 5,000 cells of a column, evenly spaced, fewer where there are thousands of columns."""
        cells = self.column(name)
        return cells if len(self._sampled) == len(cells) else [cells[at] for at in self._sampled]

    @cached_property
    def _sampled(self) -> list[int]:
        most = min(len(self), max(200, min(_SAMPLE, _SAMPLE_CELLS // max(1, len(self.names)))))
        return [int(at) for at in np.linspace(0, len(self) - 1, most).round()]


def read_grid(path: Path, is_there: Callable[[str], bool]) -> Grid:
    """Read a table's cells; ``is_there`` says whether a cell of the first row finds a picture, so that it is no header.

    Raises ``BadDatasetError`` with one sentence for what cannot be read.
    """
    with open_text(path) as text:
        head = list(islice(text, _LOOKED_AT + 20))
        lines: Iterable[str] = chain(head, text)
        before = 0
        try:
            if head and (excel := _EXCEL.fullmatch(head[0].strip().strip('"'))):
                before, lines = 1, islice(lines, 1, None)
                separator: str | None = excel[1]
            else:
                separator = _separator(head)
            rows = split_at_blanks(head, lines) if separator is None else _rows(lines, separator)
            return _grid(path, rows, before, is_there)
        except csv.Error as error:
            raise BadDatasetError(f"The table {path} cannot be read ({error}); save it again as CSV.") from error


def grid_of(path: Path, rows: Iterator[list[str]]) -> Grid:
    """Turn rows of cells into a table, the first as its header where it is none of values.

    Raises ``BadDatasetError`` and ``csv.Error``.
    """
    return _grid(path, rows, 0, lambda _cell: False)


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def _grid(path: Path, rows: Iterator[list[str]], before: int, is_there: Callable[[str], bool]) -> Grid:
    """Turn rows into columns, a few thousand at a time."""
    top = [[cell.strip() for cell in row] for row in islice(rows, _LOOKED_AT)]
    skipped = _blank_rows(top)
    skipped += _comments(top[skipped:])
    skipped += _blank_rows(top[skipped:])
    before, top, header = before + skipped, top[skipped:], []
    if not top:
        raise BadDatasetError(f"The table {path} has no rows; give a CSV of picture paths and labels.")
    has_header = _is_header(top, is_there)
    if has_header:
        before, header, top = before + 1, top[0], top[1:]
    width = len(header) or max(map(len, top))
    if width > MAX_COLUMNS:
        raise BadDatasetError(f"The table {path} has {width:,} columns; it does not look like a table of pictures.")
    columns: list[list[str]] = [[] for _ in range(width)]
    too_long: list[int] = []
    rows = chain(top, rows)
    while chunk := list(islice(rows, max(1, min(_AT_ONCE, 10 * MAX_COLUMNS // width)))):
        done = len(columns[0])
        if (done + len(chunk)) * width > MAX_CELLS:
            raise BadDatasetError(f"The table {path} has over {MAX_CELLS:,} cells; leave out columns without use.")
        for at, row in enumerate(chunk):
            if len(row) != width:
                if any(cell.strip() for cell in row[width:]):
                    too_long.append(done + at)
                chunk[at] = [*row[:width], *[""] * (width - len(row))]
        for column, cells in zip(columns, zip(*chunk, strict=True), strict=True):
            column.extend(map(str.strip, cells))
    if not columns[0]:
        raise BadDatasetError(f"The table {path} has no rows; give a CSV of picture paths and labels.")
    first = before + 1
    return Grid(path, _named(header, width), tuple(columns), first, tuple(first + at for at in too_long))


def _blank_rows(top: Sequence[Sequence[str]]) -> int:
    return next((at for at, row in enumerate(top) if any(row)), len(top))


def _comments(top: Sequence[Sequence[str]]) -> int:
    """Return how many of the first rows are comments; one alone, as wide as the rows, is a header with a mark."""
    count = next((at for at, row in enumerate(top) if not (row and row[0].startswith("#"))), len(top))
    below = next((row for row in top[1:] if any(row)), [])
    if count == 1 and len(top[0]) == len(below):
        return 0
    return count if count < len(top) else 0


def _is_header(top: Sequence[Sequence[str]], is_there: Callable[[str], bool]) -> bool:
    """Return whether the first row names the columns: it holds no picture, and its cells are not values."""
    first = top[0]
    if first[0].startswith("#"):
        return True
    if any(is_picture_name(cell) for cell in first):
        return False
    if is_heading(first):
        return True
    below = [set(cells) for cells in zip(*(row for row in top[1:] if len(row) == len(first)), strict=True)]
    repeated = any(cell and cell in column for cell, column in zip(first, below, strict=False))
    return not repeated and not any(cell and is_there(cell) for cell in first)


def _named(header: Sequence[str], width: int) -> tuple[str, ...]:
    """Name columns by the header; a column without a name by its place, a name used before by its place too."""
    names: dict[str, None] = {}
    for at in range(width):
        name = header[at].lstrip("#").strip() if at < len(header) else ""
        if not name:
            name = f"column {at + 1}"
        names[name if name not in names else f"{name} (column {at + 1})"] = None
    return tuple(names)


def _separator(head: Sequence[str]) -> str | None:
    """Return what cuts the first lines into the same number of cells, two or more; None where only blanks do.

    What makes a column of picture names goes first: a comma may stand in a path.
    """
    lines = [line for line in head if line.strip()][:_LOOKED_AT]
    scored = [(*_try(partial(_rows, lines, separator)), separator) for separator in SEPARATORS]
    has_pictures, times, width, separator = max(scored, key=lambda score: score[:3])
    if width > 1 and has_pictures:
        return separator
    pictures, blank_times, blank_width = _try(lambda: split_at_blanks(lines, lines))
    is_better = blank_width > 1 and (pictures > has_pictures or (not times and blank_times))
    return None if is_better else separator


def _try(cut: Callable[[], Iterator[list[str]]]) -> tuple[bool, int, int]:
    try:
        return _score(list(cut()))
    except csv.Error:
        return False, 0, 1


def _score(rows: Sequence[Sequence[str]]) -> tuple[bool, int, int]:
    """Return whether a column of several holds pictures, how many rows agree in their width, and the width."""
    widths = Counter(len(cells) for cells in rows if cells)
    width, times = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
    if width < 2:
        return False, 0, width
    even = [row for row in rows if len(row) == width]
    most = max(sum(is_picture_name(row[at].strip()) for row in even) for at in range(min(width, 1000)))
    return most * 2 > len(even), times, width


def described(names: Sequence[str]) -> str:
    """Return the sentence about which columns a table has."""
    shown = ", ".join(quoted(name, 40)[1:-1] for name in names[:20])
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return f"Its columns are: {shown}{more}."
