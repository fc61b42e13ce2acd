"""What is known of a run's exports: the job that makes one, the last that was made, sizes and times before the next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlviz.errors import BadWeightsError
from tlviz.export.files.table import Format
from tlviz.export.latencies import known_latencies
from tlviz.home import home
from tlviz.models.imported import read_metadata
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import EXPORT

_SHARES = {
    Format.SAFETENSORS_FLOAT16: 0.5,
    Format.PT_FLOAT16: 0.5,
    Format.ONNX_INT8: 0.27,
    Format.DEMO: 4 / 3,  # its bytes are written as letters
    Format.TIMM: 0.0,
    Format.ADAPTER: 0.1,
}
"""The share of the weights' size that a format takes, all where it is not named."""
_RUNTIME_BYTES = 4.9e6
"""What runs a network in a browser, as letters."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a card shows of a format: bytes, whether these were counted or are about right, and milliseconds by batch.

    ``check`` is what the last export's check said, nothing where it was not in it.
    """

    size_bytes: float
    is_counted: bool
    latency_ms: Mapping[str, float]
    check: Mapping[str, Any]


def last_export(run: RunFolder) -> RunFolder | None:
    """Return the newest job that exports a run, None where there is none."""
    return next((job for job in list_runs(EXPORT) if job.config()["settings"].get("run") == run.name), None)


def result_of(job: RunFolder | None) -> Mapping[str, Any]:
    """Return what an export made, nothing where it did not come to its end."""
    last = (job.events() or [{}])[-1] if job is not None else {}
    is_whole = last.get("status") == Status.FINISHED and isinstance(last.get("checks"), dict)
    return last if is_whole else {}


def known_of(run: RunFolder, result: Mapping[str, Any], forms: Sequence[Format]) -> dict[Format, Known]:
    """Return what can be said of formats before they are chosen."""
    latencies = _latencies(run)
    return {form: _known(run, result, form, latencies.get(form.value, {})) for form in forms}


def _known(run: RunFolder, result: Mapping[str, Any], form: Format, latency: Mapping[str, float]) -> Known:
    check = result.get("checks", {}).get(form.value) or {}
    counted = check.get("size_bytes") or 0
    guessed = run.weights.stat().st_size * _SHARES.get(form, 1.0) + (_RUNTIME_BYTES if form is Format.DEMO else 1e3)
    return Known(counted or guessed, bool(counted), check.get("latency_ms") or latency, check)


def default_folder(run: RunFolder) -> Path:
    """Return a folder for a run's bundle that is not there yet."""
    place = home() / "exports"
    free = place / run.name
    number = 2
    while free.exists() or free.with_name(f"{free.name}.zip").exists():
        free = place / f"{run.name}-{number}"
        number += 1
    return free


def _latencies(run: RunFolder) -> Mapping[str, Mapping[str, float]]:
    """Return what formats of the same network and size took on this machine."""
    try:
        header = read_metadata(run.weights)
        size = json.loads(header["preprocessing"])["size"]
        return known_latencies(header["architecture"], size)
    except (BadWeightsError, KeyError, ValueError, TypeError):
        return {}
