"""The class names of a checkpoint: given in a file or with commas between them, or found in the checkpoint itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlviz.errors import BadSettingError, quoted
from tlviz.home import is_written_like_a_path
from tlviz.models.file_hints import find_class_names

_MOST_BYTES = 16 * 2**20
_SUFFIXES = (".txt", ".json", ".csv", ".names", ".yaml", ".yml", ".tsv")


def parse_classes(text: str) -> tuple[str, ...]:
    """Return the names in a file, or those that commas separate.  Raises as ``read_classes``."""
    path = Path(text).expanduser()
    is_path = is_written_like_a_path(text) or text.lower().endswith(_SUFFIXES)
    if not text.strip():
        return ()
    if ("," in text and not _is_file(path)) or not (is_path or _is_file(path)):
        return tuple(name.strip() for name in text.split(",") if name.strip())
    return read_classes(path)


def read_classes(path: Path) -> tuple[str, ...]:
    """Read class names from a text file, one a line, or from JSON: a list, or an object of names and numbers.

    Raises ``BadSettingError``.
    """
    try:
        text = _read_text(path)
        found = json.loads(text) if path.suffix.lower() == ".json" else text.splitlines()
    except (OSError, ValueError, RecursionError) as error:
        raise BadSettingError(f"The class names {path} cannot be read: {str(error)[:120]}.") from error
    if isinstance(found, dict):
        found = _in_order(path, found)
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise BadSettingError(
            f"The class names {path} must be a JSON list of names, or an object of names and numbers."
        )
    names = tuple(entry.strip() for entry in found if entry.strip())
    if not names:
        raise BadSettingError(f"The file {path} holds no class names.")
    return names


def name_classes(path: Path, given: tuple[str, ...], hints: Any, outputs: int) -> tuple[tuple[str, ...], list[str]]:
    """Return a checkpoint's class names, a person's or else the file's, and what has to be said about them.

    ``hints`` is what the file holds beside its tensors.  Raises ``BadSettingError`` unless there is a name, given once,
    for each of a head's outputs; a single output is a sigmoid of two classes.
    """
    count = max(2, outputs)
    in_file = [(where, names) for where, names in find_class_names(hints) if len(names) in (outputs, count)]
    if given:
        names = _pair(given) if outputs == 1 else given
        other = next((quoted(where) for where, n in in_file if set(n) == set(names) and n != names), "")
        said = [f"The class names are in another order than those in the file, {other}."] if other else []
    elif in_file:
        where, names = in_file[0][0], _pair(in_file[0][1]) if outputs == 1 else in_file[0][1]
        unlike = [quoted(other) for other, found in in_file[1:] if found != in_file[0][1]]
        not_those = f", not those under {unlike[0]}" if unlike else ""
        said = [f"The class names are those under {quoted(where)} in the file{not_those}."]
    elif outputs == 1:
        raise BadSettingError(
            f"The checkpoint {path} has a single output, which is read as a sigmoid; give two class names, the first "
            "for an answer below 0.5."
        )
    else:
        raise BadSettingError(f"The checkpoint {path} has {count} classes but no names for them; give a list of names.")
    if len(names) != count:
        what = "a single output, so two classes" if outputs == 1 else f"{count} classes"
        raise BadSettingError(f"The checkpoint {path} has {what}, but {len(names)} names were given.")
    if len(set(names)) != count:
        twice = next(name for name in names if names.count(name) > 1)
        raise BadSettingError(f"The class name {quoted(twice)} was given more than once.")
    return names, said


def _pair(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the two classes of a sigmoid; of one name the other is its opposite."""
    return (f"not {names[0]}", names[0]) if len(names) == 1 else names


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it has over {_MOST_BYTES // 2**20} MB, which no list of names has")
    return path.read_text(encoding="utf-8-sig")


def _in_order(path: Path, found: Mapping[str, Any]) -> list[Any]:
    """Order {"cat": 0} or {"0": "cat"} by the numbers."""
    try:
        pairs = [(int(v), k) if isinstance(v, int) else (int(k), v) for k, v in found.items()]
    except ValueError as error:
        raise BadSettingError(
            f"The class names {path} must be names with their numbers: {quoted(str(error))}."
        ) from error
    if sorted(number for number, _ in pairs) != list(range(len(pairs))):
        raise BadSettingError(f"The numbers of the class names {path} must be 0 to {len(pairs) - 1}, each once.")
    return [name for _, name in sorted(pairs)]
