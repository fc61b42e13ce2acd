"""How long each format took on this machine, by network and picture size: known before the next export of its like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlviz.errors import StorageError
from tlviz.home import cache_folder, make_folder, write_atomic
from tlviz.small_files import read_object

if TYPE_CHECKING:
    from tlviz.export.checking.verdict import Check

_MOST = 200
"""Networks and sizes that are remembered."""


def keep_latencies(architecture: str, size: int, checks: Mapping[str, Check]) -> None:
    """Remember what checks measured; where that cannot be written, nothing is remembered."""
    measured = {name: dict(check.latency_ms) for name, check in checks.items() if check.latency_ms}
    if not measured:
        return
    held = read_object(_file()) or {}
    own = _key(architecture, size)
    former = held.pop(own, None)
    held[own] = (former if isinstance(former, dict) else {}) | measured
    try:
        make_folder(_file().parent)
        write_atomic(_file(), json.dumps(dict(list(held.items())[-_MOST:])).encode())
    except StorageError:
        return


def known_latencies(architecture: str, size: int) -> dict[str, dict[str, float]]:
    """Return the milliseconds by format and batch that were measured last, nothing where there were none."""
    held: Any = (read_object(_file()) or {}).get(_key(architecture, size))
    if not isinstance(held, dict):
        return {}
    return {
        str(name): {str(batch): float(ms) for batch, ms in times.items() if isinstance(ms, int | float)}
        for name, times in held.items()
        if isinstance(times, dict)
    }


def _file() -> Path:
    return cache_folder("export") / "latencies.json"


def _key(architecture: str, size: int) -> str:
    return f"{architecture} {size}"
