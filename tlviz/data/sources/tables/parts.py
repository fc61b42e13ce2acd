"""The table's own parts: which column says what trains, validates and tests, and what it says of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tlviz.data.sources.reading import Question
from tlviz.data.sources.tables.contents import TRUE, is_yes_no
from tlviz.data.sources.tables.grid import Grid
from tlviz.data.sources.tables.part_words import parts_of
from tlviz.data.sources.tables.words import Meaning, flag_part, is_split_name, label_meaning, words_of
from tlviz.errors import BadDatasetError, listed, quoted

NONE = "none"
"""The value of ``split_column`` that ignores a table's own parts."""
_STRONG = frozenset({"split", "splits", "partition", "partitions", "subset", "subsets", "usage", "datasplit"})
_FOLDS = frozenset({"fold", "folds", "kfold", "kfolds", "cvfold", "cv"})
_NUMBERED = (("0", "1", "2"), ("1", "2", "3"))
"""Numbers that may stand for training, validation and test."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a table says of its parts.

    ``column`` is the one used, several joined by commas, None where there is none; ``of_row`` (R,) is train, val, test
    or '', ``why`` {row: reason} why a row can be in none; ``columns`` are all that speak of parts; ``notes`` are words.
    """

    column: str | None
    of_row: Sequence[str]
    why: dict[int, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()


def find_parts(grid: Grid, names: Sequence[str], paths: Sequence[str]) -> Parts:
    """Find the parts in the columns ``names``, else in the folders of the ``paths`` (R,).

    A value that names no part keeps its rows out: nothing that may be a test trains.
    """
    texts = [name for name in names if _says_parts(grid, name)]
    flags = _flags(grid, [name for name in names if name not in texts])
    folds = tuple(name for name in names if name not in texts and _is_folds(grid, name))
    notes = tuple(f"the folds in {quoted(name)} are not used (--group-column keeps each whole)" for name in folds)
    if texts:
        read = [_by_text(grid, name) for name in texts]
        chosen, others = read[0], [parts for parts in read[1:] if _differ(read[0], parts)]
        asked = _which([parts.column or "" for parts in (chosen, *others)]) if others else ()
        return Parts(chosen.column, chosen.of_row, chosen.why, (*texts, *flags, *folds), asked, notes)
    if flags:
        return _by_flags(grid, flags, notes, folds)
    unknown = [name for name in names if _is_like_parts(grid, name) and _may_be_parts(grid, name)]
    if unknown:
        return Parts(None, [""] * len(grid), {}, (unknown[0], *folds), (_unknown(grid, unknown[0]),), notes)
    by_folder = _by_folder(paths)
    if by_folder:
        return Parts(None, by_folder, {}, folds, (), (*notes, "parts from the folders in the paths"))
    return Parts(None, [""] * len(grid), {}, folds, (), notes)


def chosen_parts(grid: Grid, name: str) -> Parts:
    """Read the parts from a column that a person chose.  Raises ``BadDatasetError`` where it names no part."""
    cells = grid.column(name)
    values = set(cells)
    if parts_of(values):
        return _by_text(grid, name)
    if flag_part(name) and is_yes_no(cells):
        return _by_flags(grid, [name], (), ())
    numbers = next((one for one in _NUMBERED if set(one) == values - {""}), None)
    if numbers:
        part_of = dict(zip(numbers, ("train", "val", "test"), strict=True))
        why = {at: _no_part(cell, name) for at, cell in enumerate(cells) if cell not in part_of}
        of_row = [part_of.get(cell, "") for cell in cells]
        return Parts(name, of_row, why, (name,), (), (_numbers_in_words(numbers),))
    raise BadDatasetError(
        f"The column {quoted(name)} of the table {grid.path} names no parts; it holds {listed(sorted(values))}. "
        "Write train, val and test into it, or choose --split-column none."
    )


def _by_text(grid: Grid, name: str) -> Parts:
    cells = grid.column(name)
    part_of_value = parts_of(set(cells))
    why = {at: _no_part(cell, name) for at, cell in enumerate(cells) if cell not in part_of_value}
    return Parts(name, [part_of_value.get(cell, "") for cell in cells], why, (name,))


def _no_part(cell: str, name: str) -> str:
    return f"{quoted(cell)} in the column {quoted(name)} names no part" if cell else f"nothing in {quoted(name)}"


def _by_flags(grid: Grid, flags: Sequence[str], notes: Sequence[str], folds: Sequence[str]) -> Parts:
    """Read yes-or-no columns, each of which names a part: where none says yes, it is the part that no column names."""
    named = {name: flag_part(name) or "" for name in flags}
    rest = next(part for part in ("train", "test", "val") if part not in named.values() or part == "val")
    if set(named.values()) >= {"train", "val", "test"}:
        rest = ""
    of_row: list[str] = []
    why: dict[int, str] = {}
    for at, cells in enumerate(zip(*(grid.column(name) for name in flags), strict=True)):
        said = {named[name] for name, cell in zip(flags, cells, strict=True) if cell.casefold() in TRUE}
        of_row.append(next(iter(said)) if len(said) == 1 else rest if not said else "")
        if "" in cells and not said:
            why[at] = _no_part("", flags[cells.index("")])
        elif len(said) > 1:
            why[at] = f"it is said to be of the parts {' and '.join(sorted(said))}"
        elif not of_row[-1]:
            why[at] = "no column says its part"
    column = ", ".join(flags)
    words = f"where {column} {'says' if len(flags) == 1 else 'say'} no, it is {_WORDS[rest]}" if rest else ""
    asked: tuple[Question, ...] = ()
    if list(named.values()) == ["val"] and of_row.count("val") * 2 > len(of_row):
        sentence = f"The column {quoted(column)} says yes of most rows: it may mean that a row is sound."
        asked = (Question(sentence, "split_column", (column, NONE)),)
    return Parts(column, of_row, why, (*flags, *folds), asked, (*notes, *([words] if words else [])))


_WORDS = {"train": "training", "val": "validation", "test": "test"}


def _by_folder(paths: Sequence[str]) -> list[str]:
    """Return the parts that the folders at one place in all paths name, training and another; else nothing."""
    parents = [path.replace("\\", "/").rpartition("/")[0] if path else None for path in paths]
    split = {parent: parent.split("/") if parent else [] for parent in set(parents) if parent is not None}
    if not split:
        return []
    for depth in range(min(map(len, split.values()))):
        names = {folders[depth] for folders in split.values()}
        part_of_name = parts_of(names) if len(names) < 20 else {}
        if len(part_of_name) == len(names) and {"train"} < set(part_of_name.values()):
            return ["" if parent is None else part_of_name[split[parent][depth]] for parent in parents]
    return []


def _says_parts(grid: Grid, name: str) -> bool:
    """Return whether a column's cells name parts; training and another, unless its name says it too."""
    if label_meaning(name) == (Meaning.LABEL, 2):
        return False
    filled = [cell for cell in grid.sample(name) if cell]
    if not filled or len(set(filled)) > 50:
        return False
    known = parts_of(set(filled))
    share = sum(cell in known for cell in filled) / len(filled)
    parts = set(known.values())
    if is_split_name(name) or flag_part(name):
        return share >= 0.5 or "train" in parts
    return share >= 0.5 and {"train"} < parts and sum(len(value) > 2 for value in known) > 1


def _flags(grid: Grid, names: Sequence[str]) -> list[str]:
    return [name for name in names if flag_part(name) and is_yes_no(grid.sample(name))]


def _is_folds(grid: Grid, name: str) -> bool:
    own = words_of(name)
    is_fold = "".join(own) in _FOLDS or any(word in _FOLDS for word in own)
    return is_fold and len(set(grid.sample(name)) - {""}) > 1


def _may_be_parts(grid: Grid, name: str) -> bool:
    return 2 <= len(set(grid.sample(name)) - {""}) <= 20


def _is_like_parts(grid: Grid, name: str) -> bool:
    """Return whether a column is called like parts: plainly, or less so with three numbers in it, such as set."""
    is_numbered = any(set(numbers) == set(grid.sample(name)) - {""} for numbers in _NUMBERED)
    is_set = is_split_name(name) and any(word.endswith("set") or "split" in word for word in words_of(name))
    return "".join(words_of(name)) in _STRONG or (is_set and is_numbered)


def _numbers_in_words(numbers: Sequence[str]) -> str:
    return f"{numbers[0]} is training, {numbers[1]} validation, {numbers[2]} test"


def _unknown(grid: Grid, name: str) -> Question:
    values = sorted(set(grid.sample(name)))
    numbers = next((one for one in _NUMBERED if set(one) == set(values) - {""}), None)
    choices = (NONE, name) if numbers else (NONE,)
    more = f"; chosen, {_numbers_in_words(numbers)}" if numbers else ""
    sentence = (
        f"The column {quoted(name)} is called like the parts of a table, but its values name none: {listed(values)}"
        f"{more}. Write train, val and test into it, or choose none to ignore it."
    )
    return Question(sentence, "split_column", choices)


def _which(columns: Sequence[str]) -> tuple[Question, ...]:
    names = listed([quoted(name, 40) for name in columns])
    return (Question(f"The columns {names} part the rows differently.", "split_column", (*columns, NONE)),)


def _differ(one: Parts, other: Parts) -> bool:
    return list(one.of_row) != list(other.of_row)
