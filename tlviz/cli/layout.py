"""Which columns of a table fit into a line, how wide each is, and how a long name is shortened in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, split_graphemes

GAP = 2
ELLIPSIS = "…"
LEAST = 8
"""A name is not shortened below this many cells while another can be."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key of its values, its head, and what becomes of it where the line is short.

    ``rank`` 0 is always there, the highest is left out first.  Only what is ``is_long`` is shortened, and only where
    nothing is left to leave out; other columns stand aside for no more than ``enough`` cells of it.
    """

    key: str
    head: str = ""
    rank: int = 0
    is_long: bool = False
    is_right: bool = False
    enough: int = 48

    @property
    def title(self) -> str:
        """The head: the key's words where none was given."""
        return self.head or self.key.replace("_", " ")


def fit(columns: Sequence[Column], widths: Sequence[int], available: int) -> list[int]:
    """Return how many cells each column gets of a line, 0 for those left out.

    ``widths`` are what the columns need to be whole, ``available`` is the line's.
    """
    pairs = zip(columns, widths, strict=True)
    wanted = [min(width, column.enough) if column.is_long else width for column, width in pairs]
    kept = set(range(len(columns)))
    while len(kept) > 1 and _total(kept, wanted) > available:
        last = max(kept, key=lambda at: (columns[at].rank, at))
        if columns[last].rank == 0:
            break
        kept.remove(last)
    given = [wanted[at] if at in kept else 0 for at in range(len(columns))]
    spare = available - _total(kept, given)
    for at in sorted(kept):
        more = max(0, min(spare, widths[at] - given[at]))
        given[at] += more
        spare -= more
    long = {at for at in kept if columns[at].is_long}
    for may_shrink, least in ((long, LEAST), (kept, 1)):
        while spare < 0 and (able := [at for at in may_shrink if given[at] > least]):
            given[max(able, key=given.__getitem__)] -= 1
            spare += 1
    return given


def shorten(text: str, width: int) -> str:
    """Return a text of at most ``width`` cells, what is too much taken out of its middle; no character is cut."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    spans = split_graphemes(text)[0]
    head, tail, begun, ended, left = 0, len(spans), 0, 0, width - 1
    while head < tail:
        size = spans[head if begun <= ended else tail - 1][2]
        if size > left:
            break
        left -= size
        if begun <= ended:
            head, begun = head + 1, begun + size
        else:
            tail, ended = tail - 1, ended + size
    start, end = (spans[head][0], spans[tail][0] if tail < len(spans) else len(text))
    return text[:start] + ELLIPSIS + text[end:]


def _total(kept: set[int], widths: Sequence[int]) -> int:
    return sum(widths[at] for at in kept) + GAP * (len(kept) - 1)
