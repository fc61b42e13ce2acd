"""A CSV of picture paths and labels as a target; pictures are named by the paths the table gives."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import PART_NAMES, check_classes, is_picture_name, look_alikes
from tlviz.data.sources.reading import GUESSED, ReadAs
from tlviz.data.sources.target import Target, file_sources
from tlviz.data.training.flips import suggest_may_flip
from tlviz.errors import BadDatasetError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".tsv", ".txt")
SEPARATORS = ",;\t|"
MAX_BYTES = 200 * 2**20
_SAMPLE = 200
_PATH_NAMES = ("path", "file", "image", "img", "picture", "photo")
_LABEL_NAMES = ("label", "class", "category", "target", "species", "y")
_PART_COLUMNS = ("split", "part", "subset", "set", "partition", "fold", "usage")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what; ``part`` is None where the table has no parts."""

    path: str
    label: str
    part: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: its number as a spreadsheet shows it, the path as written and as found, label and part."""

    number: int
    written: str
    file: Path
    label: str
    part: str


def is_table(path: Path) -> bool:
    """Return whether a path is named like a table."""
    return path.suffix.lower() in SUFFIXES


def table_target(path: Path, read_as: ReadAs = GUESSED) -> Target:
    """Read a table; relative paths start at its folder.  ``read_as`` may name its columns.

    Raises ``BadDatasetError`` where it has no column of picture paths or of labels, or too little is left.
    """
    table, first = _read(path)
    columns = find_columns(path, table)
    problems: list[Problem] = []
    rows = _drop_contradictions(_existing(path, table, columns, first, problems), problems)
    check_classes(f"The table {path}", [(row.part, row.label) for row in rows])
    classes = _in_order({row.label for row in rows})
    number = {name: at for at, name in enumerate(classes)}
    return Target(
        title=path.stem,
        where=f"The table {path}",
        classes=classes,
        sources=file_sources([row.file for row in rows]),
        names=tuple(row.written for row in rows),
        labels=np.array([number[row.label] for row in rows], dtype=np.int64),
        parts=tuple(row.part for row in rows),
        problems=(*problems, *look_alikes(classes, str(path))),
        may_flip=suggest_may_flip(path.stem, classes),
    )


def find_columns(path: Path, table: pd.DataFrame) -> Columns:
    """Find the columns by their names, else by what is in them.  Raises ``BadDatasetError``."""
    sample = table.head(_SAMPLE)
    shares = {name: sum(map(is_picture_name, sample[name])) / max(1, len(sample)) for name in table.columns}
    by_name = [name for name in table.columns if any(word in name.lower() for word in _PATH_NAMES)]
    by_content = sorted((name for name in table.columns if shares[name] > 0.5), key=lambda name: -shares[name])
    candidates = [name for name in by_content if name in by_name] or by_content or by_name
    if not candidates:
        raise BadDatasetError(f"The table {path} has no column of picture paths; name one 'path'. {_seen(table)}")
    others = [name for name in table.columns if name != candidates[0]]
    part = next((name for name in others if _is_part(name, table)), None)
    label = _label_column([name for name in others if name != part], table)
    if label is None:
        raise BadDatasetError(f"The table {path} has no column of labels; name one 'label'. {_seen(table)}")
    return Columns(candidates[0], label, part)


def _seen(table: pd.DataFrame) -> str:
    return f"Its columns are: {', '.join(map(str, table.columns))}."


def _is_part(name: str, table: pd.DataFrame) -> bool:
    """Return whether a column is called like parts and holds nothing but their names."""
    values = {value.strip().lower() for value in table[name].unique()} - {""}
    return any(word == name.strip().lower() for word in _PART_COLUMNS) and bool(values) and values <= set(PART_NAMES)


def _label_column(names: list[str], table: pd.DataFrame) -> str | None:
    """Prefer a column called like labels; else the one with the fewest values, if they repeat."""
    exact = [name for word in _LABEL_NAMES for name in names if name.strip().lower() == word]
    loose = [name for word in _LABEL_NAMES[:-1] for name in names if word in name.lower()]
    if exact or loose:
        return (exact or loose)[0]
    counts = {name: table[name].nunique() for name in names}
    repeated = [name for name in names if 1 < counts[name] <= len(table) / 2]
    return min(repeated, key=lambda name: counts[name], default=None)


def _existing(path: Path, table: pd.DataFrame, columns: Columns, first: int, problems: list[Problem]) -> list[_Row]:
    """Return the rows whose picture exists and has a label; report the others."""
    rows = []
    parts = table[columns.part] if columns.part else [""] * len(table)
    for at, (written, label, part) in enumerate(zip(table[columns.path], table[columns.label], parts, strict=True)):
        number = first + at
        if not written.strip():
            if label.strip():
                problems.append(Problem(f"{path}: row {number}", "no path", "left out"))
            continue
        file = _locate(path.parent, written.strip())
        if file is None:
            problems.append(Problem(f"{path}: row {number}", f"the file {written.strip()} does not exist", "left out"))
        elif not label.strip():
            problems.append(Problem(f"{path}: row {number}", f"{written.strip()} has no label", "left out"))
        else:
            rows.append(_Row(number, written.strip(), file, label.strip(), PART_NAMES.get(part.strip().lower(), "")))
    if not rows:
        raise BadDatasetError(
            f"None of the pictures in the table {path} exists; relative paths start at the table's own folder."
        )
    return rows


def _locate(folder: Path, written: str) -> Path | None:
    """Return the file of a path as written on this or another system, or None."""
    for text in dict.fromkeys((written, written.replace("\\", "/"))):
        file = folder / text
        try:
            if file.is_file():
                return Path(os.path.normpath(file))
        except (OSError, ValueError):
            return None
    return None


def _drop_contradictions(rows: list[_Row], problems: list[Problem]) -> list[_Row]:
    """Keep one row a picture; a picture with two labels is left out, as nobody knows which is right."""
    labels: dict[Path, set[str]] = {}
    for row in rows:
        labels.setdefault(row.file, set()).add(row.label)
    kept: dict[Path, _Row] = {}
    for row in rows:
        first = kept.get(row.file)
        if len(labels[row.file]) > 1:
            problem = f"row {row.number}: the same picture has {len(labels[row.file])} labels, here '{row.label}'"
            problems.append(Problem(row.written, problem, "left out"))
        elif first is None:
            kept[row.file] = row
        else:
            again = f"row {row.number} repeats row {first.number}"
            problem = again if row.part == first.part else f"{again} in another part ({row.part or 'none'})"
            problems.append(Problem(row.written, problem, f"row {first.number} is used"))
    return list(kept.values())


def _in_order(labels: set[str]) -> tuple[str, ...]:
    """Sort labels, numbers by their value."""
    if all(label.isdecimal() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))


def _read(path: Path) -> tuple[pd.DataFrame, int]:
    """Return the table as text, and the number of its first row of values as a spreadsheet shows it."""
    import pandas as pd  # takes a second to import

    text = _text(path)
    try:
        separator = _separator(text)
        first_line = next(csv.reader(io.StringIO(text), delimiter=separator), [])
        has_header = not any(is_picture_name(cell.strip()) for cell in first_line)
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=0 if has_header else None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            engine="python",
            on_bad_lines=lambda cells: cells[: len(first_line)],
        )
    except (ValueError, csv.Error) as error:  # pandas' own errors are ValueErrors
        raise BadDatasetError(f"The table {path} cannot be read ({error}); save it again as CSV.") from error
    table = table.fillna("").astype(str)
    table.columns = [str(name) if has_header else f"column {at + 1}" for at, name in enumerate(table.columns)]
    return table, 2 if has_header else 1


def _text(path: Path) -> str:
    """Return a file's text: by its mark where it has one, UTF-8 where that fits, else Western European."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadDatasetError(f"The table {path} has over {MAX_BYTES >> 20} MB; it does not look like a table.")
        content = path.read_bytes()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise BadDatasetError(f"The table {path} {reason}; give a CSV of picture paths and labels.") from error
    text = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise BadDatasetError(f"The table {path} is empty; give a CSV of picture paths and labels.")
    return text


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content[:64].count(0) > len(content[:64]) // 4:  # UTF-16 without its mark: every other byte of English is 0
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into the same number of cells, two or more, most often."""

    def score(separator: str) -> tuple[int, int]:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=separator) if cells)
        width, times = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        return (times if width > 1 else 0, width)

    lines = [line for line in text[:100_000].splitlines()[:20] if line.strip()]
    return max(SEPARATORS, key=score)
