"""All runs at a glance: one short row each, remembered for those that are over, so that hundreds open at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tlviz.errors import StorageError
from tlviz.home import cache_folder, make_folder, runs_folder, write_atomic
from tlviz.runs.notes import FILE as NOTES
from tlviz.runs.notes import Notes, read_notes
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise
from tlviz.small_files import check_types, read_object

_FORMAT = 2
_KEYED = ("config.json", "events.jsonl", "resume", "test.json")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list: what it is, what it reached, what it takes on disk, what the person wrote about it.

    Accuracies are fractions; ``started`` is in seconds since 1970; ``size`` counts bytes;
    ``freeze`` is how many stages stay frozen to the end, None before that is known.
    """

    run: str
    kind: str
    status: Status
    model: str
    data: str
    strategy: str
    epochs_run: int
    best_epoch: int | None
    best_val_accuracy: float | None
    test_accuracy: float | None
    duration_s: float | None
    trainable_parameters: int | None
    started: float
    error: str | None
    seed: int | None
    image_size: int | None
    freeze: int | None
    has_weights: bool
    size: int
    notes: Notes

    @property
    def folder(self) -> RunFolder:
        """The run on disk."""
        return RunFolder(runs_folder() / self.run)


def overview(kind: str | None = FINETUNE) -> list[RunRow]:
    """Return a row for every run of a kind (None: of all), newest first; what is over is read once and remembered.

    A memory that cannot be written costs time and nothing else.
    """
    known = _read_memory()
    remembered: dict[str, Any] = {}
    rows: list[RunRow] = []
    for run in list_runs():
        name, look = run.name, _look(run.path)
        if look is None:
            continue
        key, size, has_weights, has_notes = look
        held = known.get(name)
        row = _from_json(held[1]) if isinstance(held, list) and len(held) == 2 and held[0] == key else None
        if row is not None:
            remembered[name] = held
        else:
            row, is_final = _read(run)
            if is_final:
                remembered[name] = [key, _to_json(row)]
        notes = read_notes(run) if has_notes else Notes()
        rows.append(replace(row, size=size, has_weights=has_weights, notes=notes))
    if remembered != known:
        _write_memory(remembered)
    return [row for row in rows if kind in (None, row.kind)]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder among the runs that cannot be read as one, and why."""

    path: str
    reason: str


def unreadable(rows: Iterable[RunRow]) -> list[Unreadable]:
    """Return those of all rows that are of no kind, because their settings are damaged."""
    named = ((row.run, row.folder.damage()) for row in rows if not row.kind)
    return [Unreadable(run, reason) for run, reason in named if reason]


def search(rows: Iterable[RunRow], words: str) -> list[RunRow]:
    """Return the rows in which every word occurs: in their name, notes, tags, network, target, strategy or status."""
    wanted = words.casefold().split()
    return [row for row in rows if all(word in _text(row) for word in wanted)]


def all_tags(rows: Iterable[RunRow]) -> list[str]:
    """Return every tag in use, by the alphabet."""
    return sorted({tag for row in rows for tag in row.notes.tags}, key=str.casefold)


def disk_use(rows: Sequence[RunRow]) -> int:
    """Return the bytes that runs take together."""
    return sum(row.size for row in rows)


def _text(row: RunRow) -> str:
    words = (row.run, row.model, row.data, row.strategy, row.status, row.notes.name, row.notes.text, *row.notes.tags)
    words += ("waiting",) if row.status is Status.QUEUED else ()  # as pages call it
    return "\n".join(words).casefold()


def _look(path: Path) -> tuple[list[int], int, bool, bool] | None:
    """Return the state of the files that a row is made of, the folder's bytes, and whether weights and notes are there.

    None where the folder is no run.
    """
    sizes: dict[str, os.stat_result] = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                sizes[entry.name] = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    if "config.json" not in sizes:
        return None
    key = [number for name in _KEYED for number in _state(sizes.get(name))]
    return key, sum(state.st_size for state in sizes.values()), "best.safetensors" in sizes, NOTES in sizes


def _state(state: os.stat_result | None) -> tuple[int, int]:
    return (state.st_size, state.st_mtime_ns) if state else (0, 0)


def _read(run: RunFolder) -> tuple[RunRow, bool]:
    """Return a run's row, and whether it can change no more unless a file does: it has recorded its end."""
    summary = summarise(run)
    numbers: dict[str, Any] = {name: _count(summary.settings.get(name)) for name in ("seed", "image_size")}
    numbers["freeze"] = _frozen(summary)
    said = {field.name: getattr(summary, field.name) for field in fields(RunRow) if hasattr(summary, field.name)}
    row = RunRow(**said, **numbers, has_weights=False, size=0, notes=Notes())
    return row, summary.status.is_over and summary.has_ended


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _frozen(summary: RunSummary) -> int | None:
    """Return how many stages are frozen in the phase in which most train."""
    named = [phase["frozen"] for phase in summary.phases if isinstance(phase.get("frozen"), list)]
    return min(map(len, named)) if named else _count(summary.start_event.get("freeze"))


def _to_json(row: RunRow) -> dict[str, Any]:
    left_out = {"notes", "size", "has_weights"}
    return {name: value for name, value in asdict(row).items() if name not in left_out}


def _from_json(values: Any) -> RunRow | None:
    try:
        row = RunRow(**values, has_weights=False, size=0, notes=Notes())
        row = replace(row, status=Status(row.status))
        check_types(row)
        return row
    except (TypeError, ValueError):
        return None


def _memory() -> Path:
    return cache_folder("runs") / "overview.json"


def _read_memory() -> dict[str, Any]:
    held = read_object(_memory()) or {}
    is_ours = held.get("format") == _FORMAT and isinstance(held.get("runs"), dict)
    return held["runs"] if is_ours else {}


def _write_memory(runs: dict[str, Any]) -> None:
    try:
        make_folder(_memory().parent)
        write_atomic(_memory(), json.dumps({"format": _FORMAT, "runs": runs}).encode())
    except StorageError:
        return
