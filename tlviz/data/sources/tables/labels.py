"""The column of labels: chosen by name and by content together; where two are equally good, it is a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tlviz.data.sources.reading import Question
from tlviz.data.sources.tables.contents import MISSING, Contents, Holds, contents_of
from tlviz.data.sources.tables.grid import Grid, described
from tlviz.data.sources.tables.one_hot import OneHot, classes_of, find_one_hot
from tlviz.data.sources.tables.words import Meaning, label_meaning, named_alike, words_of
from tlviz.errors import BadDatasetError, listed, quoted

ONE_HOT = "one-hot"
"""The value of ``label_column`` that means all columns of ones and zeros together."""
_ORDER = (Holds.TEXT, Holds.WHOLE, Holds.YES_NO)
_PLAIN = frozenset({"label", "labels", "class", "classes", "category", "target"})
_NEVER = frozenset({Holds.DATE, Holds.PATH, Holds.ADDRESS, Holds.OTHER, Holds.NOTHING})
_LIST_SIGNS = "|;,+/ "
_WHOLE = re.compile(r"([+-]?\d+)[.,]0+")


@dataclass(frozen=True, slots=True)
class Labels:
    """Which column holds the labels, several one-hot ones joined by commas; ``of_row`` (R,) is a label or ''.

    ``why`` is {row: reason} for rows without one; ``notes`` are words about the choice.
    """

    column: str
    of_row: Sequence[str]
    why: dict[int, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    is_one_hot: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: str
    meaning: Meaning
    exact: int
    contents: Contents
    place: int

    @property
    def rank(self) -> tuple[int, ...]:
        """Return what sorts candidates, the best first: meaning, words before numbers, names before codes."""
        text = _ORDER.index(self.contents.holds) if self.contents.holds in _ORDER else len(_ORDER)
        is_plain = "".join(words_of(self.name)) in _PLAIN
        return -self.band, text, -self.exact, not is_plain, self.place

    @property
    def band(self) -> int:
        """Return how good a candidate is: those of the best band compete."""
        is_spread = self.contents.filled > 10 and not self.contents.repeats
        return int(self.meaning) - (2 if is_spread else 0)


def find_labels(grid: Grid, names: Sequence[str]) -> Labels:
    """Find the labels among the columns ``names``.  Raises ``BadDatasetError`` for none, or several a row."""
    one_hot, binary = find_one_hot(grid, names)
    inside = set(one_hot.columns if one_hot else binary if len(binary) > 2 else ())
    if not one_hot:
        inside -= {name for name in binary if label_meaning(name) == (Meaning.KIND, 2)}
    candidates = _candidates(grid, [name for name in names if name not in inside])
    best = candidates[0] if candidates else None
    is_named = best is not None and best.band >= Meaning.KIND
    if one_hot and not (is_named and _beats(grid, best, one_hot)):
        return _from_one_hot(grid, one_hot, best if is_named else None)
    if not one_hot and len(binary) > 2 and not is_named and (best is None or best.band < Meaning.NOTHING):
        raise BadDatasetError(_multi_label(grid, binary))
    if best is None:
        named = next((name for name in names if label_meaning(name)[0] is Meaning.LABEL), None)
        but = f" ({quoted(named, 40)} holds {contents_of(grid.sample(named)).holds})" if named else ""
        raise BadDatasetError(
            f"The table {grid.path} has no column of labels{but}; name one 'label', or choose it with --label-column. "
            f"{described(grid.names)}"
        )
    return _from_candidates(grid, candidates, is_alone=len(names) == 1 and len(grid.names) <= 3)


def chosen_labels(grid: Grid, wanted: str, names: Sequence[str]) -> Labels:
    """Read the labels from what a person chose: a column, several one-hot ones with commas, or ``one-hot``.

    Raises ``BadDatasetError`` where there is no such column.
    """
    name = named_alike(wanted, grid.names)
    if name:
        return _of_column(grid, name)
    if wanted.strip().casefold() == ONE_HOT:
        one_hot = find_one_hot(grid, names)[0]
        if not one_hot:
            raise BadDatasetError(f"The table {grid.path} has no columns of ones and zeros with one yes a row.")
        return _one_hot(grid, one_hot.columns)
    several = [named_alike(part.strip(), grid.names) for part in wanted.split(",")]
    columns = [name for name in several if name]
    if len(columns) < 2 or len(columns) < len(several):
        raise no_column(grid.path, "label", wanted, grid.names)
    return _one_hot(grid, columns)


def no_column(path: Path, what: str, wanted: str, names: Sequence[str]) -> BadDatasetError:
    """Return the error about a column that a person chose and that is not there."""
    return BadDatasetError(f"The table {path} has no {what} column {quoted(wanted, 40)}. {described(names)}")


def _candidates(grid: Grid, names: Sequence[str]) -> list[_Candidate]:
    """Return the columns that may hold labels, the best first; a single column may whatever its name is."""
    has_x = any(name.casefold() == "x" for name in grid.names)
    found, never = [], []
    for name in names:
        contents = contents_of(grid.sample(name))
        meaning, exact = label_meaning(name)
        is_named = meaning is Meaning.LABEL and exact == 2 and contents.holds is Holds.OTHER
        if (contents.holds in _NEVER and not is_named) or (name.casefold() == "y" and has_x):
            continue
        one = _Candidate(name, meaning, exact, contents, grid.place(name))
        if meaning is Meaning.NEVER or not _is_eligible(one):
            never.append(one)
        else:
            found.append(one)
    if not found and len(names) == 1:
        found = [one for one in never if one.contents.repeats and one.contents.holds is not Holds.FRACTION]
    return sorted(found, key=lambda one: one.rank)


def _is_eligible(one: _Candidate) -> bool:
    contents = one.contents
    if one.meaning is Meaning.LABEL and one.exact:
        return contents.holds is not Holds.FRACTION or contents.repeats
    if contents.holds is Holds.FRACTION:
        return one.meaning >= Meaning.KIND and contents.repeats and contents.distinct <= 30
    if one.meaning >= Meaning.KIND:
        return contents.distinct > 1 and contents.is_balanced
    return contents.repeats and contents.is_balanced and contents.distinct <= 1000


def _beats(grid: Grid, best: _Candidate | None, one_hot: OneHot) -> bool:
    """Return whether a column with a good name goes before one-hot columns that say the same, or are only two."""
    if best is None:
        return False
    if len(one_hot.columns) == 2 and best.meaning is Meaning.LABEL:
        return True
    return _is_same(grid.column(best.name), classes_of(grid, one_hot.columns)[0])


def _from_one_hot(grid: Grid, one_hot: OneHot, other: _Candidate | None) -> Labels:
    labels = _one_hot(grid, one_hot.columns)
    questions = []
    if other is not None and not _is_same(grid.column(other.name), labels.of_row):
        sentence = f"The column {quoted(other.name)} and the {len(one_hot.columns)} columns of ones and zeros may both "
        questions.append(Question(f"{sentence}be the classes.", "label_column", (ONE_HOT, other.name)))
    if one_hot.none > 0.2 and len(grid) > 20:
        count = sum(why.startswith("no class") for why in labels.why.values())
        sentence = f"{count:,} of {len(grid):,} rows mark none of {listed(one_hot.columns)} and are left out."
        questions.append(Question(sentence, "label_column", (ONE_HOT,)))
    return Labels(labels.column, labels.of_row, labels.why, tuple(questions), labels.notes, is_one_hot=True)


def _one_hot(grid: Grid, columns: Sequence[str]) -> Labels:
    of_row, why = classes_of(grid, columns)
    words = f"the {len(columns)} columns {listed(columns)} are the classes, one marked a row (one-hot)"
    return Labels(", ".join(columns), of_row, why, (), (words,), is_one_hot=True)


def _multi_label(grid: Grid, binary: Sequence[str]) -> str:
    several = sum(why.startswith("it is") for why in classes_of(grid, binary)[1].values())
    return (
        f"The table {grid.path} marks several classes a row (multi-label) in the columns {listed(binary)}: {several:,} "
        f"of {len(grid):,} rows have more than one, and a picture can have one class only here. Choose one column with "
        "--label-column, or several with commas of which each row marks one."
    )


def _from_candidates(grid: Grid, candidates: Sequence[_Candidate], *, is_alone: bool) -> Labels:
    """Take the best; where others of its band part the rows in another way, ask."""
    best = candidates[0]
    rivals: list[_Candidate] = []
    for one in candidates[1:]:
        if one.band < best.band or len(rivals) == 7:
            break
        if not any(_is_same(grid.sample(one.name), grid.sample(known.name)) for known in (best, *rivals)):
            rivals.append(one)
    if best.contents.holds is not Holds.TEXT:
        texts = (one for one in candidates if one.contents.holds is Holds.TEXT and one.band >= Meaning.NOTHING)
        name = next((one for one in texts if _is_same(grid.column(one.name), grid.column(best.name))), None)
        best = name or best
    labels = _of_column(grid, best.name)
    questions = [*_asked(best, rivals, is_alone=is_alone), *_lists(grid, best)]
    return Labels(labels.column, labels.of_row, labels.why, tuple(questions[:1]), labels.notes)


def _asked(best: _Candidate, rivals: Sequence[_Candidate], *, is_alone: bool) -> list[Question]:
    choices = (best.name, *(one.name for one in rivals))
    if rivals:
        names = listed([quoted(name, 40) for name in choices])
        return [Question(f"The columns {names} may each hold the classes.", "label_column", choices)]
    is_vague = best.meaning <= Meaning.CONTEXT or (
        best.meaning is Meaning.NOTHING and best.contents.holds is Holds.WHOLE and best.contents.distinct > 2
    )
    if is_vague and not is_alone:
        sentence = f"No column is called like classes; {quoted(best.name)} with {best.contents.distinct} values is the "
        return [Question(f"{sentence}likeliest.", "label_column", choices)]
    return []


def _lists(grid: Grid, best: _Candidate) -> list[Question]:
    """Ask where cells hold several labels: their pieces are labels of their own elsewhere."""
    counts = Counter(cell for cell in grid.sample(best.name) if cell not in MISSING)
    for sign in _LIST_SIGNS:
        joined = {cell: [piece.strip() for piece in cell.split(sign)] for cell in counts if sign in cell}
        if not joined or sum(counts[cell] for cell in joined) * 50 < counts.total():
            continue
        whole = sum(all(piece in counts for piece in pieces) for pieces in joined.values())
        if whole * 5 >= 4 * len(joined):
            sentence = (
                f"Cells of {quoted(best.name)} hold several labels, such as {quoted(next(iter(joined)))}; each "
                f"combination would be a class of its own, {len(counts):,} in all."
            )
            return [Question(sentence, "label_column", (best.name,))]
    return []


def _of_column(grid: Grid, name: str) -> Labels:
    """Read a column; where 1 and 1.0 both stand in it, they are one class."""
    cells = ["" if cell in MISSING else cell for cell in grid.column(name)]
    values = set(cells)
    twins = {cell: match[1] for cell in values if (match := _WHOLE.fullmatch(cell)) and match[1] in values}
    if not twins:
        return Labels(name, cells)
    same = listed([f"{quoted(cell)} is read as {quoted(other)}" for cell, other in sorted(twins.items())])
    return Labels(name, [twins.get(cell, cell) for cell in cells], {}, (), (same,))


def _is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two columns part the rows in the same way; rows without a value in one of them do not count."""
    pairs = {pair for pair in zip(one, other, strict=True) if not MISSING & set(pair)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
