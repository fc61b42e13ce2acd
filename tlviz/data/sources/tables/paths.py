"""The column of picture paths: the one whose files are there, by endings and names where none is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlviz.data.sources.folder import is_picture_name
from tlviz.data.sources.reading import Question
from tlviz.data.sources.tables.contents import is_address
from tlviz.data.sources.tables.grid import Grid, described
from tlviz.data.sources.tables.locate import Locator
from tlviz.data.sources.tables.words import MASKS, PATHS, is_any, words_of
from tlviz.errors import BadDatasetError, listed, quoted

_TRIED = 200
_MOST_COLUMNS = 60
"""Files are looked for in this many columns at most, those with endings and good names first."""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    endings: float
    there: float
    is_named: bool
    is_mask: bool
    files: frozenset[Path]
    is_varied: bool

    @property
    def rank(self) -> tuple[bool, bool, float, bool, float]:
        return self.there == 0, self.is_mask, -round(self.there, 1), not self.is_named, -self.endings


def find_paths(grid: Grid, locator: Locator) -> tuple[str, tuple[Question, ...]]:
    """Return the column of paths, and a question where two columns lead to different pictures.

    Raises ``BadDatasetError`` where no column holds paths.
    """
    shares = {name: _share(grid.sample(name)[:_TRIED]) for name in grid.names}
    likely = sorted(grid.names, key=lambda name: (-shares[name] > -0.5, not _is_named(name)))[:_MOST_COLUMNS]
    columns = sorted((_look(grid, name, locator, shares[name]) for name in likely), key=lambda column: column.rank)
    found = [column for column in columns if column.there >= 0.5 or (column.there and column.endings > 0.5)]
    if not found:
        return _without_files(grid, columns), ()
    best = found[0]
    rivals = [
        c for c in found[1:]
        if c.is_varied and not c.is_mask and not c.files & best.files and c.endings >= 0.5 * best.endings
    ]  # fmt: skip
    if not rivals:
        return best.name, ()
    choices = (best.name, *(column.name for column in rivals))
    names = listed([quoted(name, 40) for name in choices])
    return best.name, (Question(f"The columns {names} lead to different pictures.", "path_column", choices),)


def _without_files(grid: Grid, columns: Sequence[_Column]) -> str:
    """Return the column that looks like paths although none of its files is there, so that the error names them."""
    addresses = [name for name in grid.names if sum(map(is_address, grid.sample(name))) * 2 > len(grid.sample(name))]
    with_endings = [column for column in columns if column.endings > 0.5 and column.name not in addresses]
    ids = [column for column in columns if column.is_named and column.name not in addresses]
    named = with_endings or [column for column in ids if len(set(grid.sample(column.name))) * 2 > len(grid)]
    if named:
        return named[0].name
    if addresses:
        raise BadDatasetError(
            f"The pictures of the table {grid.path} are addresses of the web in {quoted(addresses[0])}; download them, "
            "and write the files' paths into a column 'path'."
        )
    raise BadDatasetError(
        f"The table {grid.path} has no column of picture paths; name one 'path', or choose it with --path-column. "
        f"{described(grid.names)}"
    )


def _look(grid: Grid, name: str, locator: Locator, endings: float) -> _Column:
    cells = [cell for cell in grid.column(name) if cell]
    tried = [cells[at] for at in np.linspace(0, len(cells) - 1, min(_TRIED, len(cells))).round().astype(int)]
    is_varied = endings > 0.5 or len(set(tried)) * 4 > len(tried)  # a few values again and again are labels
    files: list[Path] = []
    there = 0.0
    if is_varied and not any(len(cell) > 4096 for cell in tried):
        probe = Locator(locator.folder, locator.stem, index=locator.index)
        probe.learn(tried)
        found = [probe.locate(cell) for cell in tried]
        files = [one.file for one in found if one.file]
        there = sum(one.file is not None or one.is_ambiguous for one in found) / len(tried) if tried else 0.0
    own = words_of(name)
    is_mask = any(word in MASKS for word in own)
    return _Column(name, endings, there, _is_named(name), is_mask, frozenset(files), len(set(tried)) * 2 > len(tried))


def _share(cells: Sequence[str]) -> float:
    counts = Counter(cells)
    del counts[""]
    named = sum(count for cell, count in counts.items() if is_picture_name(cell))
    return named / counts.total() if counts else 0.0


def _is_named(name: str) -> bool:
    return is_any(name, PATHS)
