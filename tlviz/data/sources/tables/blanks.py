"""Lists whose columns are separated by blanks: path/to/img.jpg 3, with blanks in a path or in a label too."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tlviz.data.pixels.pictures import SUFFIXES

_ENDING = "|".join(sorted(re.escape(suffix) for suffix in SUFFIXES))
_FIRST = re.compile(rf"\s*(?P<path>\"[^\"]+\"|'[^']+'|.*?(?:{_ENDING}))(?=\s|$)\s*(?P<rest>.*)", re.IGNORECASE)
_LAST = re.compile(rf"\s*(?P<label>\S+)\s+(?P<path>.*(?:{_ENDING}))\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def split_at_blanks(head: Sequence[str], lines: Iterable[str]) -> Iterator[list[str]]:
    """Cut lines into cells: a path up to its picture ending, then the rest; ``head`` are the first of the lines.

    The rest is one label, unless it has the same number of words in every line, one of them a number.
    Raises ``csv.Error`` for a line that is too long to be a row.
    """
    lines = _short(lines)
    looked = [line.strip() for line in head if line.strip() and not line.startswith("#")]
    with_path = [match for line in looked if (match := _FIRST.fullmatch(line))]
    if len(with_path) * 2 < len(looked):
        return _by_words(looked, lines)
    label_first = all(not match["rest"] and _LAST.fullmatch(match["path"]) for match in with_path)
    if label_first:
        return (_cells(_LAST, line, ("label", "path")) for line in lines)
    rests = [match["rest"].split() for match in with_path]
    if not any(rests):
        return ([line.strip().strip("\"'")] for line in lines)
    return (_path_first(line, _is_columns(rests)) for line in lines)


def _short(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if len(line) > csv.field_size_limit():
            raise csv.Error(f"a line has over {csv.field_size_limit():,} characters")
        yield line


def _is_columns(rests: Sequence[Sequence[str]]) -> bool:
    """Return whether what follows a path is several columns."""
    width = max(map(len, rests), default=0)
    even = all(len(rest) == width for rest in rests)
    return width > 1 and even and any(all(_NUMBER.fullmatch(rest[at]) for rest in rests) for at in range(width))


def _path_first(line: str, is_columns: bool) -> list[str]:
    match = _FIRST.fullmatch(line.strip())
    if not match:
        return line.split() if is_columns else line.split(maxsplit=1)
    rest = match["rest"].split() if is_columns else [match["rest"]]
    return [match["path"].strip("\"'"), *rest]


def _cells(pattern: re.Pattern[str], line: str, groups: Sequence[str]) -> list[str]:
    match = pattern.fullmatch(line.strip())
    return [match[group] for group in groups] if match else line.split(maxsplit=1)


def _by_words(looked: Sequence[str], lines: Iterable[str]) -> Iterator[list[str]]:
    """Cut lines without picture endings at every blank, or, where their numbers of words differ, at the last one."""
    widths = Counter(len(line.split()) for line in looked)
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    if width > 1 and times * 10 >= 9 * len(looked):
        return (line.split() for line in lines)
    return (line.rsplit(maxsplit=1) for line in lines)
