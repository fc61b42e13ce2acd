"""The doctor's job: look at a target and leave the report in the run folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tlviz.data.doctor.findings import Report
from tlviz.diagnose.doctor import check_dataset
from tlviz.home import write_atomic
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

LOOK_S = 0.2
"""How often progress is reported and a request to stop is checked."""
_REPORT = "report.json"


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Look at a target by the settings ``data`` and ``features``, write ``report.json``, and return the counts.

    Raises ``StoppedEarly`` where a stop is asked for, and ``TlvizError`` for a person's mistake.
    """
    report = check_dataset(settings["data"], features=settings.get("features", True), progress=_progress(job))
    write_atomic(job.run.path / _REPORT, json.dumps(report.to_json()).encode())
    return {"status": Status.FINISHED, "images": report.images, "findings": len(report.findings)}


def read_report(run: RunFolder) -> Report | None:
    """Return the report of a doctor's run, or None before it has finished."""
    try:
        return Report.from_json(json.loads((run.path / _REPORT).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _progress(job: Job) -> Callable[[str, int, int], None]:
    """Report progress with the time left, and end the look where a stop is asked for."""
    begun = time.monotonic()
    looked = begun

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < LOOK_S:
            return
        looked = now
        if job.should_stop():
            raise StoppedEarly
        seconds_left = (now - begun) * (total - done) / done
        job.tell(Status.RUNNING, f"{doing}: {done:,} of {total:,}", done / total, seconds_left)

    return progress
