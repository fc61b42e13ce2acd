"""How far a person is: ticks, runs that cards started, answers; kept under home, so that a restart loses none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from tlviz.home import home, make_folder, write_atomic
from tlviz.small_files import MB, read_object

DONE, STARTED, ANSWERS = "done", "started", "answers"
LONGEST_ANSWER = 4000
_FORMAT = 1


def done_cards() -> dict[str, str]:
    """Return the names of the cards that are ticked, and the day of each."""
    return _strings(_read().get(DONE))


def tick(card: str, *, is_done: bool) -> None:
    """Tick a card, or take its tick away.  Raises ``StorageError``."""

    def change(values: dict[str, Any]) -> None:
        ticks = _strings(values.get(DONE))
        ticks.pop(card, None)
        values[DONE] = ticks | ({card: time.strftime("%Y-%m-%d")} if is_done else {})

    _change(change)


def started_run(card: str, experiment: str) -> str | None:
    """Return the name of the run that a card's experiment was last started as, None where it never was."""
    return _strings(_read().get(STARTED)).get(_pair(card, experiment))


def note_started(card: str, experiment: str, run: str) -> None:
    """Keep which run a card's experiment was started as.  Raises ``StorageError``."""

    def change(values: dict[str, Any]) -> None:
        values[STARTED] = _strings(values.get(STARTED)) | {_pair(card, experiment): run}

    _change(change)


def answers(lesson: str) -> dict[str, str]:
    """Return a person's answers to a lesson by the names of its questions."""
    found = _read().get(ANSWERS)
    return _strings(found.get(lesson)) if isinstance(found, dict) else {}


def answer(lesson: str, question: str, words: str) -> None:
    """Keep an answer.  Raises ``StorageError``."""

    def change(values: dict[str, Any]) -> None:
        found = values.get(ANSWERS)
        every = dict(found) if isinstance(found, dict) else {}
        every[lesson] = _strings(every.get(lesson)) | {question: words[:LONGEST_ANSWER]}
        values[ANSWERS] = every

    _change(change)


def _pair(card: str, experiment: str) -> str:
    return f"{card}/{experiment}"


def _file() -> Path:
    return home() / "learn" / "progress.json"


def _read() -> dict[str, Any]:
    return read_object(_file(), 4 * MB) or {}


def _change(change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is kept in one step; two tabs that do so at once wait for one another."""
    folder = make_folder(_file().parent)
    with FileLock(folder / "progress.lock", timeout=10):
        values = _read()
        change(values)
        write_atomic(_file(), json.dumps(values | {"format": _FORMAT}, ensure_ascii=False).encode(errors="replace"))


def _strings(value: Any) -> dict[str, str]:
    """Return the names and words of an object, without what is neither."""
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
