"""YAML that people write, read without trust: plain data, bounded in size and depth, no aliases, no code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tlviz.errors import BadLessonError
from tlviz.small_files import DEEPEST, DamagedFileError, read_text

MOST_BYTES = 256 * 2**10
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Both make plain data only; the one in C is ten times as fast, and not everywhere."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises ``BadLessonError`` where it cannot be read or holds something else; the message names file and line.
    """
    try:
        return parse_yaml(read_text(path, MOST_BYTES), path.name)
    except OSError as error:
        raise BadLessonError(f"{path} cannot be read: {error.strerror or error}.") from error
    except DamagedFileError as error:
        raise BadLessonError(f"{path} cannot be read: {error}; write UTF-8 text.") from error


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """Return the mapping that YAML text holds; ``name`` is what messages call it.  Raises ``BadLessonError``."""
    try:
        _check_events(text, name)
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader, chosen above)
    except yaml.YAMLError as error:
        raise BadLessonError(f"{name}{_place(error)} is not valid YAML: {_problem(error)}.") from error
    except (ValueError, RecursionError) as error:  # such as 2026-13-45, which YAML takes for a day
        raise BadLessonError(f"{name} holds a value that cannot be read: {error}; put it into quotes.") from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in _keys(value)):
        raise BadLessonError(f"{name} must be a list of lines such as 'name: value', with words as names.")
    return value


def _check_events(text: str, name: str) -> None:
    """Refuse what makes little text large (aliases) or deep, and a name that stands twice, before it is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadLessonError(f"{name}{_line(event.start_mark)} uses an anchor or alias; write the value out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadLessonError(f"{name} holds lists more than {DEEPEST} deep in one another.")
    node = yaml.compose(text, Loader=_Loader)
    for mapping in _mappings(node):
        seen = set[str]()
        for key, _ in mapping.value:
            if key.value in seen if isinstance(key.value, str) else False:
                raise BadLessonError(f"{name}{_line(key.start_mark)} has '{key.value}' twice; keep one of them.")
            seen.add(str(key.value))


def _mappings(node: Any) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for key, value in node.value:
            yield from _mappings(key)
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _keys(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _line(mark: Any) -> str:
    return f", line {mark.line + 1}" if mark is not None else ""


def _place(error: yaml.YAMLError) -> str:
    return _line(getattr(error, "problem_mark", None))


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
