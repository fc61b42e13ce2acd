"""What stands in the files of a run folder: strict JSON, written in one line, read without trust."""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeGuard

from tlviz.runs.store.heartbeat import Status


def encode(values: Any) -> bytes:
    """Return one line of strict JSON, plain ASCII, for a dictionary or a dataclass."""
    plain = values if isinstance(values, dict) else asdict(values)
    return json.dumps(plain, allow_nan=False).encode()


def append_line(path: Path, line: bytes) -> None:
    """Append a line durably, whole or not at all; half a line that an earlier writer left there is taken away first.

    Raises ``OSError``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    try:
        start = _cut_half_line(descriptor)
        try:
            write_all(descriptor, line + b"\n")
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, start)
            raise
    finally:
        os.close(descriptor)


def repair(path: Path) -> None:
    """Take away half a line at the end of a file, if there is such a file.  Raises ``OSError``."""
    if path.is_file():
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            _cut_half_line(descriptor)
        finally:
            os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes: the system may take a part of them at a time.  Raises ``OSError``."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _cut_half_line(descriptor: int) -> int:
    """Cut a file behind its last complete line and return its length."""
    end = whole = os.lseek(descriptor, 0, os.SEEK_END)
    while whole:
        begin = max(0, whole - _BLOCK)
        os.lseek(descriptor, begin, os.SEEK_SET)
        found = os.read(descriptor, whole - begin).rfind(b"\n")
        whole = begin + found + 1 if found >= 0 else begin
        if found >= 0:
            break
    if whole < end:
        os.ftruncate(descriptor, whole)
    return whole


_BLOCK = 4096
_EPOCH_NUMBERS = ("epoch", "val_loss", "val_accuracy", "duration_s", "images_per_s")


def is_event(value: Any) -> bool:
    """Return whether a line holds an event with what its readers rely on."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        return False
    if value.get("event") == "epoch":
        return all(is_finite(value.get(name)) for name in _EPOCH_NUMBERS) and isinstance(value["epoch"], int)
    if value.get("event") == "finished":  # each kind of job says what it ended with in its own way
        return value.get("status") in list(Status) and is_finite(value.get("time", 0.0))
    return is_finite(value.get("time", 0.0)) and _has_parts(value)


_LISTS = ("classes", "problems", "excluded", "copies", "frozen", "switches", "groups")


def _has_parts(event: dict[str, Any]) -> bool:
    """Return whether the lists and tables of an event, where it has them, are ones."""
    if not all(isinstance(event.get(name), list | None) for name in _LISTS):
        return False
    frozen, groups, similarity = event.get("frozen"), event.get("groups"), event.get("similarity")
    return (
        all(isinstance(stage, str) for stage in frozen or ())
        and all(isinstance(row, dict) and isinstance(row.get("stage"), str) for row in groups or ())
        and all(is_finite(row.get("lr")) for row in groups or ())
        and (similarity is None or isinstance(similarity, dict))
        and all(value is None or is_finite(value) for value in (similarity or {}).values())
    )


def is_finite(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number that can be calculated with."""
    return isinstance(value, int | float) and math.isfinite(value)


def has_end(events: list[dict[str, Any]]) -> bool:
    """Return whether the last of some events is a run's end."""
    return bool(events) and events[-1].get("event") == "finished"
