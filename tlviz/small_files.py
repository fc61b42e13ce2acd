"""Reading a small file without trust: JSON, lines of JSON and text, each bounded in size, depth and number.

What is read may have been damaged, carried here from another machine, or made to do harm.  Every reader ends in one of
three ways: with plain data, with ``OSError`` where there is no such file, or with ``DamagedFileError``.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, BinaryIO, ClassVar, Union, get_args, get_origin, get_type_hints

MB = 2**20
MOST_BYTES = 64 * MB
"""The largest of the files that are read whole: the events of a long run on a large target."""
MOST_LINES = 20_000
"""A run of a thousand epochs, the most there can be, has some thousand."""
MOST_DAMAGED = 1_000
"""A file of lines with more damaged ones than this is not read to its end."""
_TRIES = 20
DEEPEST = 40
"""How many lists and objects may lie in one another; what this program writes has six."""
LARGEST = 2**63
"""Whole numbers beyond this cannot be calculated with."""
_LINE = re.compile(rb"[^\s][^\n]*")


class DamagedFileError(ValueError):
    """A file that holds something else than it should; the message says what, in a few words."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return a file's content.

    Raises ``OSError`` where it is missing or no plain file (a pipe is not waited for), ``DamagedFileError`` where it
    has more than ``most`` bytes.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise DamagedFileError(f"it has more than {most / MB:,.0f} MB")
        return file.read(size)  # not more: the memory is taken before there is anything to read


def read_tail(path: Path, most: int) -> bytes:
    """Return the last bytes of a file, at most this many.  Raises ``OSError`` as ``read_bytes``."""
    with _opened(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - most))
        return file.read(most)


def _opened(path: Path) -> BinaryIO:
    """Open a plain file; opening a pipe would wait for its writer, and a device may have no end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return os.fdopen(descriptor, "rb")


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Return a text file's content, a mark of the byte order left out.

    Raises ``OSError``, and ``DamagedFileError`` where it is too large or no UTF-8.
    """
    return _text(read_bytes(path, most), "strict").removeprefix("\ufeff")


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file says.  Raises ``OSError`` and ``DamagedFileError``."""
    return parse_json(read_bytes(path, most))


def read_object(path: Path, most: int = MOST_BYTES) -> dict[str, Any] | None:
    """Return the object that a JSON file holds, None where it is missing, damaged or something else."""
    try:
        value = read_json(path, most)
    except (OSError, DamagedFileError):
        return None
    return value if isinstance(value, dict) else None


def read_lines(
    path: Path, most: int = MOST_BYTES, is_good: Callable[[Any], bool] = lambda _: True
) -> list[dict[str, Any]]:
    """Return what the complete lines of a file say, one JSON object each; blank and damaged lines are left out.

    Damaged is also what is not ``is_good``.

    Of a line that was torn off and continued by the next one, the next one is read.  Raises ``OSError``, and
    ``DamagedFileError`` where the file is larger, or has far more lines, than any of its kind.
    """
    content = read_bytes(path, most)
    found: list[dict[str, Any]] = []
    damaged = 0
    for line in _complete_lines(content):
        value = _parse_line(line)
        if value is not None and is_good(value):
            found.append(value)
        else:
            damaged += 1
        if len(found) > MOST_LINES or damaged > MOST_DAMAGED:
            raise DamagedFileError(f"it has more than {len(found) - 1:,} good and {damaged - 1:,} damaged lines")
    return found


def _complete_lines(content: bytes) -> Iterator[bytes]:
    """Give the lines that end with a line break and are not blank."""
    whole = content.rfind(b"\n") + 1
    return (match.group() for match in _LINE.finditer(content, 0, whole))


def _parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line, or what follows where it was torn off, says; None for something else."""
    for begin in (0, *(_begins(line) if line.count(b'{"') > 1 else ())):
        try:
            value = parse_json(line[begin:])
        except DamagedFileError:
            continue
        return value if isinstance(value, dict) else None
    return None


def _begins(line: bytes) -> Iterator[int]:
    """Give the last places at which an object may begin, from the end."""
    at = len(line)
    for _ in range(_TRIES):
        at = line.rfind(b'{"', 0, at)
        if at <= 0:
            return
        yield at


def parse_json(content: bytes | str) -> Any:
    """Return what strict JSON says: finite numbers that fit 64 bits, no name twice in an object, not too deep.

    Raises ``DamagedFileError``.
    """
    text = _text(content, "surrogatepass") if isinstance(content, bytes) else content
    try:
        value = _DECODER.decode(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(_short(error)) from error
    if text.count("[") + text.count("{") > DEEPEST and _is_deeper(value, DEEPEST):
        raise DamagedFileError(f"lists and objects lie more than {DEEPEST} deep in one another")
    return value


def check_types(value: Any) -> None:
    """Check that a dataclass rebuilt from JSON holds what its annotations say, also inside.

    Raises ``DamagedFileError`` that names the field.
    """
    own: Any = type(value)
    for name, kind in _hints(own).items():
        if not _is_kind(getattr(value, name), kind):
            raise DamagedFileError(f"{name} is not what it should be")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}


def _is_kind(value: Any, kind: Any) -> bool:
    """Return whether a value is of an annotated type; whole numbers pass for others, and finite ones only."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin in (UnionType, Union):
        return any(_is_kind(value, one) for one in inner)
    if origin is tuple:
        same = len(inner) == 2 and inner[1] is Ellipsis
        kinds = (inner[0],) * len(value) if same and isinstance(value, tuple) else inner
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_is_kind, value, kinds))
    if origin is not None:
        return isinstance(value, origin)
    if kind in (int, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return is_number and (kind is float or isinstance(value, int))
    if not isinstance(value, kind):
        return False
    if is_dataclass(value):
        return all(_is_kind(getattr(value, name), hint) for name, hint in _hints(kind).items())
    return True


def _text(content: bytes, errors: str) -> str:
    try:
        return content.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise DamagedFileError("it is no UTF-8 text") from error


def _is_deeper(value: Any, most: int) -> bool:
    """Return whether lists and objects lie in one another more than ``most`` times."""
    level = [value]
    for _ in range(most + 1):
        inner = (part for part in level if isinstance(part, list | dict))
        level = [part for outer in inner for part in (outer.values() if isinstance(outer, dict) else outer)]
        if not level:
            return False
    return any(isinstance(part, list | dict) for part in level)


def _short(error: Exception) -> str:
    words = "lists and objects lie too deep in one another" if isinstance(error, RecursionError) else str(error)
    return words[:200]


def _whole_number(digits: str) -> int:
    """Return a whole number that every calculation can hold."""
    number = int(digits) if len(digits) < 25 else LARGEST + 1
    if abs(number) > LARGEST:
        raise DamagedFileError(f"a number has {len(digits):,} digits")
    return number


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise DamagedFileError("a number is infinite")
    return number


def _refuse(constant: str) -> None:
    raise DamagedFileError(f"{constant} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DamagedFileError("an object has the same name twice")
    return found


_DECODER = json.JSONDecoder(
    parse_constant=_refuse, parse_int=_whole_number, parse_float=_number, object_pairs_hook=_unique
)
"""One for all: hundreds of runs have tens of thousands of lines."""
