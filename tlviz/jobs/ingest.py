"""The job that brings a target onto this machine: download or unpack it, and decode it where a geometry is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlviz.data.pixels.images import find_dataset, load_images, open_target, settle
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.sources.download import download
from tlviz.data.sources.public import PublicSpec
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.heartbeat import Status

LOOK_S = 0.2
"""How often progress is reported and a request to stop is checked."""


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Fetch the target ``data`` (a public one into the folder ``to``, or the store) and return what it holds.

    Raises ``StoppedEarly`` where it is stopped, which leaves nothing half done, and ``TlvizError``.
    """
    name, to = str(settings["data"]), settings.get("to")
    dataset = find_dataset(name)
    if isinstance(dataset, PublicSpec):
        download(dataset, _reporter(job, "downloading", 1e6, "MB"), Path(to) if to else None)
    name = settle(name, _reporter(job, "unpacking", 1e6, "MB"))
    target = open_target(name)
    problems = len(target.problems)
    if settings.get("geometry"):
        geometry = Geometry.from_json(settings["geometry"])
        problems = len(load_images(name, geometry, _reporter(job, "reading images", 1, "")).problems)
    return {
        "status": Status.FINISHED,
        "data": name,
        "classes": len(target.classes),
        "images": len(target.names),
        "problems": problems,
    }


def _reporter(job: Job, doing: str, unit: float, unit_name: str) -> Callable[[int, int], None]:
    """Return a progress that shows in the heartbeat and ends the work where a stop is asked for."""
    begun, looked = time.monotonic(), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal looked
        if time.monotonic() - looked < LOOK_S and done < total:
            return
        looked = time.monotonic()
        told = f"{doing}: {done / unit:,.0f} of {total / unit:,.0f} {unit_name}".rstrip()
        seconds_left = (time.monotonic() - begun) * (total - done) / done if done else None
        job.tell(Status.RUNNING, told, done / max(1, total), seconds_left)
        if job.should_stop():
            raise StoppedEarly

    return progress
