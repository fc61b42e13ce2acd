"""A CSV of picture paths and labels as a target; pictures are named by the paths the table gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tlviz.data.sources.class_order import in_order
from tlviz.data.sources.folder import look_alikes
from tlviz.data.sources.groups import Hint, group_hint
from tlviz.data.sources.reading import GUESSED, Question, ReadAs, Reading
from tlviz.data.sources.tables.grid import Grid, read_grid
from tlviz.data.sources.tables.labels import ONE_HOT, Labels, chosen_labels, find_labels, no_column
from tlviz.data.sources.tables.locate import Index, Locator
from tlviz.data.sources.tables.one_hot import find_one_hot
from tlviz.data.sources.tables.parts import NONE, Parts, chosen_parts, find_parts
from tlviz.data.sources.tables.paths import find_paths
from tlviz.data.sources.tables.rows import Losses, check_rows, usable_rows
from tlviz.data.sources.tables.words import GROUPS, is_any, named_alike
from tlviz.data.sources.target import Target, file_sources
from tlviz.data.training.flips import suggest_may_flip
from tlviz.errors import quoted

MOST_COLUMNS = 200
"""Columns of a table that a person can choose from on a page."""


def table_target(path: Path, read_as: ReadAs = GUESSED, *, must_train: bool = True) -> Target:
    """Read a table; relative paths start at its folder.  ``read_as`` may name its columns.

    ``must_train`` False lets classes without training pictures through.
    Raises ``BadDatasetError`` where it has no column of picture paths or of labels, or too little is left.
    """
    locator = Locator(path.parent, path.stem, Index(path.parent))
    grid = read_grid(path, locator.is_there)
    lost = Losses(path)
    for number in grid.too_long[:20]:
        lost.note(f"{path}: row {number}", f"more than {len(grid.names)} cells", "the first are used")
    by_path, path_questions = _path_column(grid, read_as, locator)
    paths = grid.column(by_path)
    others = [name for name in grid.names if name != by_path]
    labels, parts = labels_and_parts(grid, others, paths, read_as)
    group_column = _named(grid, "group", read_as.group_column)
    groups = grid.column(group_column) if group_column else ()
    locator.learn(paths[:: max(1, len(paths) // 500)])
    rows = usable_rows(grid, paths, labels, parts, groups, locator, lost)
    if must_train or len({row.label for row in rows}) < 2:
        check_rows(path, rows, parts)
    classes = in_order({row.label for row in rows})
    number_of = {name: at for at, name in enumerate(classes)}
    questions = (*path_questions, *labels.questions, *parts.questions)
    return Target(
        title=path.stem,
        where=f"The table {path}",
        classes=classes,
        sources=file_sources([row.file for row in rows]),
        names=tuple(row.written for row in rows),
        labels=np.array([number_of[row.label] for row in rows], dtype=np.int64),
        parts=tuple(row.part for row in rows),
        problems=(*lost.problems, *look_alikes(classes, str(path))),
        may_flip=suggest_may_flip(path.stem, classes),
        reading=replace(
            _reading(by_path, labels, parts, group_column, locator, questions, read_as),
            columns=tuple(grid.names[:MOST_COLUMNS]),
        ),
        left_out=lost.left_out,
        groups=tuple(row.group for row in rows) if group_column else (),
        hints=() if group_column else _hints(grid, [row.at for row in rows], (by_path, labels.column, *parts.columns)),
    )


def _path_column(grid: Grid, read_as: ReadAs, locator: Locator) -> tuple[str, tuple[Question, ...]]:
    chosen = _named(grid, "path", read_as.path_column)
    return (chosen, ()) if chosen else find_paths(grid, locator)


def labels_and_parts(grid: Grid, others: Sequence[str], paths: Sequence[str], read_as: ReadAs) -> tuple[Labels, Parts]:
    """Find both: a column that a person chose for one is not the other, and what is left after the parts is labels."""
    wanted = read_as.split_column or ""
    split = named_alike(wanted, grid.names)
    is_ignored = split is None and wanted.strip().casefold() == NONE
    if wanted and split is None and not is_ignored:
        raise no_column(grid.path, "split", wanted, grid.names)
    label = named_alike(read_as.label_column or "", grid.names)
    classes = find_one_hot(grid, [name for name in others if name != label])[0]  # one of them may be called train
    free = [name for name in others if name != label and not (classes and name in classes.columns)]
    found = find_parts(grid, free, paths)
    parts = chosen_parts(grid, split) if split else found
    group = named_alike(read_as.group_column or "", grid.names)
    left = [name for name in others if name not in {*found.columns, split, group}]
    labels = chosen_labels(grid, read_as.label_column, left) if read_as.label_column else find_labels(grid, left)
    if is_ignored:
        parts = Parts(None, [""] * len(grid), {}, found.columns, (), ("the table's own parts are ignored",))
    return labels, parts


def _named(grid: Grid, what: str, wanted: str | None) -> str | None:
    """Return the column that a person means.  Raises ``BadDatasetError`` where there is none."""
    if not wanted:
        return None
    name = named_alike(wanted, grid.names)
    if name is None and what == "group" and wanted.strip().casefold() == NONE:
        return None
    if name is None:
        raise no_column(grid.path, what, wanted, grid.names)
    return name


def _reading(
    by_path: str,
    labels: Labels,
    parts: Parts,
    group: str | None,
    locator: Locator,
    questions: tuple[Question, ...],
    read_as: ReadAs,
) -> Reading:
    """Say how the table was read, in words and as the decisions that give the same again."""
    classes = "the columns " + quoted(labels.column) if labels.is_one_hot else quoted(labels.column)
    words = [f"a table: pictures from {quoted(by_path)}, classes from {classes}"]
    words += [f"parts from {quoted(parts.column)}"] if parts.column else []
    words += [f"groups from {quoted(group)}"] if group else []
    notes = [*labels.notes, *parts.notes, *_ways(locator)]
    if not parts.column and not any("parts" in note for note in notes):
        words.append("no parts of its own")
    used = ReadAs(
        label_column=ONE_HOT if labels.is_one_hot and len(labels.column) > 200 else labels.column,
        path_column=by_path,
        split_column=parts.column if parts.column and "," not in parts.column else read_as.split_column,
        group_column=group,
        group_pattern=read_as.group_pattern,
    )
    layout = "; ".join([", ".join(words), *notes])
    return Reading(layout, labels.column, by_path, parts.column, group, questions, used)


def _ways(locator: Locator) -> list[str]:
    """Say where the files were found whose paths do not lead to them as they are written."""
    ways = locator.ways.most_common()
    if not ways:
        return []
    some = ", ".join(f"{count:,} {way}" for way, count in ways[:4])
    more = f" and in {len(ways) - 4:,} more folders" if len(ways) > 4 else ""
    return [f"files not found as written: {some}{more}"]


def _hints(grid: Grid, rows: Sequence[int], used: Sequence[str]) -> tuple[Hint, ...]:
    """Return the columns that look as if their equal values belonged together, such as a patient's."""
    found = []
    for name in grid.names:
        if name not in used and is_any(name, GROUPS):
            cells = grid.column(name)
            hint = group_hint("group_column", name, [cells[at] for at in rows])
            found += [hint] if hint else []
    return tuple(found)
