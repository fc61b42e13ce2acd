"""The cells of a table of texts, and which column holds the texts."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.reading import Question
from tlviz.data.sources.tables.grid import SEPARATORS, Grid, described, grid_of
from tlviz.data.sources.tables.text import open_text
from tlviz.data.sources.tables.words import named_alike, words_of
from tlviz.errors import BadDatasetError, listed, quoted

LINES = (".jsonl", ".ndjson")
"""Endings of files with one JSON object a line."""
TEXT_NAMES = frozenset(
    [
        "text",
        "sentence",
        "review",
        "content",
        "body",
        "comment",
        "tweet",
        "message",
        "question",
        "utterance",
        "phrase",
        "document",
        "article",
        "description",
        "headline",
        "title",
        "post",
        "abstract",
        "definition",
        "quote",
    ]
)
_LOOKED_AT = 200
_LONGEST_CELL = 2**20
_NAMED = 20


def read_texts(path: Path, most: int | None = None) -> tuple[Grid, tuple[Problem, ...]]:
    """Read a table's cells, of the first ``most`` rows or of all, and what was odd about its lines.

    Raises ``BadDatasetError`` for what cannot be read.
    """
    if path.suffix.lower() in LINES:
        return _read_lines(path, most)
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        with open_text(path) as text:
            separator = _separator(path, list(islice(text, _LOOKED_AT)))
            text.seek(0)
            return grid_of(path, islice(csv.reader(text, delimiter=separator), most)), ()
    except csv.Error as error:
        raise BadDatasetError(f"The table {path} cannot be read ({error}); save it again as CSV.") from error
    finally:
        csv.field_size_limit(limit)


def _separator(path: Path, head: Sequence[str]) -> str:
    """Return what cuts the first rows into the same number of cells; a tab where the file's name says so."""
    if path.suffix.lower() == ".tsv":
        return "\t"

    def score(separator: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(head, delimiter=separator) if row)
        except csv.Error:
            return 0.0, 0
        width, times = max(widths.items(), key=lambda item: item[1], default=(1, 0))
        return (times / widths.total() if width > 1 else 0.0), width

    return max(SEPARATORS, key=score)


def _read_lines(path: Path, most: int | None) -> tuple[Grid, tuple[Problem, ...]]:
    """Read one JSON object a line; lines that are none are left out and named."""
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    with open_text(path) as text:
        for number, line in enumerate(islice(text, most), start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                rows.append(found)
            else:
                problems.append(Problem(f"{path}: line {number}", "no JSON object", "left out"))
    if not rows:
        raise BadDatasetError(f'The file {path} holds no line with a JSON object such as {{"text": …, "label": …}}.')
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name)) for row in rows] for name in names]
    return Grid(path, tuple(names), tuple(cells), 1), tuple(problems[:_NAMED])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\0", " ").strip()
    return str(value) if isinstance(value, bool | int | float) else json.dumps(value, ensure_ascii=False)


def find_text(grid: Grid, label: str | None = None) -> tuple[str, tuple[Question, ...]]:
    """Return the column of texts, and a question where two are as likely: by name, else the one with most words.

    ``label`` is the column that a person chose for the labels.  Raises ``BadDatasetError`` where none holds words.
    """
    taken = named_alike(label or "", grid.names)
    names = [name for name in grid.names if name != taken]
    words = {name: mean_words(grid.sample(name)) for name in names}
    named = [name for name in names if is_text_name(name) and words[name] > 0]
    if named:
        best = max(named, key=lambda name: words[name])
        rivals = [name for name in named if name != best and words[name] >= 0.5 * words[best] and words[name] >= 3]
        if not rivals:
            return best, ()
        choices = (best, *rivals)
        sentence = f"The columns {listed([quoted(name, 40) for name in choices])} may each hold the texts."
        return best, (Question(sentence, "path_column", choices),)
    best = max(names, key=lambda name: words[name], default="")
    if not best or words[best] < 2:
        raise BadDatasetError(
            f"The table {grid.path} has no column of texts; name one 'text', or choose it with --path-column. "
            f"{described(grid.names)}"
        )
    return best, ()


def is_text_name(name: str) -> bool:
    """Return whether a column is called as those of texts are."""
    return bool(TEXT_NAMES & set(words_of(name)))


def mean_words(cells: Sequence[str]) -> float:
    """Return how many words a cell has that is not empty, 0 where all are."""
    filled = [cell for cell in cells if cell]
    return sum(len(cell[:2000].split()) for cell in filled) / len(filled) if filled else 0.0


def rows_of(path: Path, most: int = _LOOKED_AT) -> Iterator[list[str]]:
    """Yield the first rows of a table as they look when it is one of texts.  Raises ``BadDatasetError``."""
    grid, _ = read_texts(path, most)
    for at in range(len(grid)):
        yield [column[at] for column in grid.cells]


def missing_in_words(text: str, label: str, why: str) -> str:
    """Return why a row is not used; '' where it is."""
    if not text:
        return "no text"
    return "" if label else why or "no label"
