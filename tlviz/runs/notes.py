"""What a person wrote about a run: its name, notes and tags, in ``notes.json``, which only the app writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tlviz.home import write_atomic
from tlviz.runs.store.folder import RunFolder
from tlviz.small_files import MB, read_object

FILE = "notes.json"
LONGEST_NAME, LONGEST_TEXT, MOST_TAGS = 120, 20_000, 20


@dataclass(frozen=True, slots=True)
class Notes:
    """A person's own name for a run, free text and tags; all empty by default."""

    name: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()


def read_notes(run: RunFolder) -> Notes:
    """Return the notes on a run, empty ones where there are none or they are damaged."""
    held = read_object(run.path / FILE, MB) or {}
    tags = held.get("tags")
    tidied = tidy(tags[:MOST_TAGS] if isinstance(tags, list) else ())
    return Notes(_words(held.get("name"))[:LONGEST_NAME], _words(held.get("text"))[:LONGEST_TEXT], tidied)


def write_notes(run: RunFolder, notes: Notes) -> None:
    """Save the notes on a run.  Raises ``StorageError``."""
    kept = Notes(notes.name.strip()[:LONGEST_NAME], notes.text[:LONGEST_TEXT], tidy(notes.tags))
    write_atomic(run.path / FILE, json.dumps(asdict(kept), indent=1).encode())


def tidy(tags: Iterable[object]) -> tuple[str, ...]:
    """Return tags without spaces around them, empty ones and second ones, in their order."""
    return tuple(dict.fromkeys(word for tag in tags if (word := _words(str(tag)).strip()[:LONGEST_NAME])))[:MOST_TAGS]


def _words(value: object) -> str:
    """Return text, with a question mark for every half letter that no page can show."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
