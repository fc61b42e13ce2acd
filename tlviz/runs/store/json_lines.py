"""What stands in the files of a run folder: strict JSON, written in one line, read without trust."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeGuard

from tlviz.runs.store.heartbeat import Status


def encode(values: Any) -> bytes:
    """Return one line of strict JSON, plain ASCII, for a dictionary or a dataclass."""
    plain = values if isinstance(values, dict) else asdict(values)
    return json.dumps(plain, allow_nan=False).encode()


_LARGEST = 2**63
_EPOCH_NUMBERS = ("epoch", "val_loss", "val_accuracy", "duration_s", "images_per_s")


def is_event(value: Any) -> bool:
    """Return whether a line holds an event with what its readers rely on."""
    if not isinstance(value, dict):
        return False
    if value.get("event") == "epoch":
        return all(is_finite(value.get(name)) for name in _EPOCH_NUMBERS) and isinstance(value["epoch"], int)
    if value.get("event") == "finished" and value.get("status") not in list(Status):
        return False
    return is_finite(value.get("time", 0.0))


def is_finite(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number that can be calculated with."""
    return isinstance(value, int | float) and math.isfinite(value)


def has_end(events: list[dict[str, Any]]) -> bool:
    """Return whether the last of some events is a run's end."""
    return bool(events) and events[-1].get("event") == "finished"


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the dictionary that a file holds, or None where it is missing, damaged or something else."""
    try:
        value = parse(path.read_bytes())
    except OSError:
        return None
    return value if isinstance(value, dict) else None


def parse(content: bytes) -> Any:
    """Return what a line says, None for what is no strict JSON."""
    try:
        return _DECODER.decode(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def _whole_number(digits: str) -> int:
    """Return a whole number that every calculation can hold."""
    number = int(digits)
    if abs(number) > _LARGEST:
        raise ValueError(f"a number of {len(digits)} digits is damaged")
    return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_whole_number)
"""One for all lines: hundreds of runs have tens of thousands of them."""
