"""A table of texts and labels as a target: CSV, TSV or lines of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.class_order import in_order
from tlviz.data.sources.folder import look_alikes
from tlviz.data.sources.reading import GUESSED, LeftOut, Question, ReadAs, Reading
from tlviz.data.sources.table import labels_and_parts
from tlviz.data.sources.tables.grid import Grid, described
from tlviz.data.sources.tables.labels import ONE_HOT, Labels, no_column
from tlviz.data.sources.tables.parts import NONE, Parts
from tlviz.data.sources.tables.words import named_alike
from tlviz.data.sources.target import Target
from tlviz.data.texts.find_text import find_text, missing_in_words, read_texts
from tlviz.data.texts.source import text_source
from tlviz.errors import BadDatasetError, quoted
from tlviz.medium import Medium

MOST_COLUMNS = 200
"""Columns of a table that a person can choose from on a page."""
_NAMED = 20
"""Rows left out that are named as problems; all of them are counted."""


def text_table(path: Path, read_as: ReadAs = GUESSED, *, must_train: bool = True) -> Target:
    """Read a table of texts; ``read_as`` may name its columns, the texts' as the path column.

    ``must_train`` False lets classes without training texts through.
    Raises ``BadDatasetError`` where it has no column of texts or of labels, or too little is left.
    """
    grid, damage = read_texts(path)
    by_text, questions = _text_column(grid, read_as)
    labels, parts = _labels_and_parts(grid, by_text, read_as)
    texts = grid.column(by_text)
    group = _named(grid, "group", read_as.group_column)
    why = [missing_in_words(text, label, labels.why.get(at, "")) for at, (text, label) in enumerate(
        zip(texts, labels.of_row, strict=True)
    )]  # fmt: skip
    kept = [at for at, reason in enumerate(why) if not reason]
    left_out = tuple(LeftOut(f"{path}: row {grid.first + at}", reason) for at, reason in enumerate(why) if reason)
    found = {labels.of_row[at] for at in kept}
    _check(path, grid, found, by_text, labels.column)
    classes = in_order(found)
    number = {name: at for at, name in enumerate(classes)}
    names = tuple(f"row {grid.first + at}" for at in kept)
    of_part = [parts.of_row[at] for at in kept]
    if must_train:
        _check_parts(path, classes, [labels.of_row[at] for at in kept], of_part)
    problems = [Problem(one.path, one.reason, "left out") for one in left_out[:_NAMED]]
    return Target(
        title=path.stem,
        where=f"The table {path}",
        classes=classes,
        sources=tuple(text_source(f"{path}: {name}", texts[at]) for name, at in zip(names, kept, strict=True)),
        names=names,
        labels=np.array([number[labels.of_row[at]] for at in kept], dtype=np.int64),
        parts=tuple(of_part),
        problems=(*damage, *problems, *look_alikes(classes, str(path))),
        may_flip=False,
        medium=Medium.TEXTS,
        reading=_reading(grid, by_text, labels, parts, group, (*questions, *labels.questions, *parts.questions)),
        left_out=left_out,
        groups=tuple(grid.column(group)[at] for at in kept) if group else (),
    )


def _text_column(grid: Grid, read_as: ReadAs) -> tuple[str, tuple[Question, ...]]:
    chosen = _named(grid, "text", read_as.path_column)
    return (chosen, ()) if chosen else find_text(grid, read_as.label_column)


def _labels_and_parts(grid: Grid, by_text: str, read_as: ReadAs) -> tuple[Labels, Parts]:
    """Find both among the other columns: one that a person chose for one is not the other."""
    others = [name for name in grid.names if name != by_text]
    if not others:
        raise BadDatasetError(
            f"The table {grid.path} has a single column; it needs one of texts and one of labels, such as text,label."
        )
    return labels_and_parts(grid, others, [""] * len(grid), read_as)


def _named(grid: Grid, what: str, wanted: str | None) -> str | None:
    if not wanted or wanted.strip().casefold() == NONE:
        return None
    name = named_alike(wanted, grid.names)
    if name is None:
        raise no_column(grid.path, what, wanted, grid.names)
    return name


def _check(path: Path, grid: Grid, found: set[str], by_text: str, label: str) -> None:
    if len(found) < 2:
        have = f"only {quoted(next(iter(found)))}" if found else "none"
        raise BadDatasetError(
            f"The table {path} has fewer than two labels ({have} in {quoted(label)}, texts from {quoted(by_text)}); "
            f"name another column with --label-column. {described(grid.names)}"
        )
    if len(found) > 1000:
        raise BadDatasetError(
            f"The table {path} has {len(found):,} different labels in {quoted(label)}, more than 1,000; name another "
            f"column with --label-column. {described(grid.names)}"
        )


def _check_parts(path: Path, classes: Sequence[str], labels: Sequence[str], parts: Sequence[str]) -> None:
    """Raise where a class has no text to learn from."""
    taught = {label for label, part in zip(labels, parts, strict=True) if part in ("train", "")}
    lacking = [name for name in classes if name not in taught]
    if lacking:
        raise BadDatasetError(
            f"The table {path} has no training texts of {quoted(lacking[0])}; add some, or ignore its parts with "
            "--split-column none."
        )


def _reading(
    grid: Grid, by_text: str, labels: Labels, parts: Parts, group: str | None, questions: tuple[Question, ...]
) -> Reading:
    """Say how the table was read, in words and as the decisions that give the same again."""
    words = [f"a table: texts from {quoted(by_text)}, classes from {quoted(labels.column)}"]
    words += [f"parts from {quoted(parts.column)}"] if parts.column else []
    words += [f"groups from {quoted(group)}"] if group else []
    notes = [*labels.notes, *parts.notes]
    if not parts.column and not any("parts" in note for note in notes):
        words.append("no parts of its own")
    used = ReadAs(
        label_column=ONE_HOT if labels.is_one_hot and len(labels.column) > 200 else labels.column,
        path_column=by_text,
        split_column=parts.column if parts.column and "," not in parts.column else None,
        group_column=group,
    )
    layout = "; ".join([", ".join(words), *notes])
    columns = tuple(grid.names[:MOST_COLUMNS])
    return Reading(layout, labels.column, by_text, parts.column, group, questions, used, columns)
