"""The job that brings a target onto this machine: download or unpack it, and decode it where a geometry is given."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from tlviz.data.images import find_dataset, load_images, open_target, settle
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.sources.download import download
from tlviz.data.sources.public import PublicSpec
from tlviz.jobs.job import Job
from tlviz.jobs.progress import telling
from tlviz.runs.store.heartbeat import Status


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Fetch the target ``data`` (a public one into the folder ``to``, or the store) and return what it holds.

    Raises ``StoppedEarly`` where it is stopped, which leaves nothing half done, and ``TlvizError``.
    """
    name, to = str(settings["data"]), settings.get("to")
    dataset = find_dataset(name)
    if isinstance(dataset, PublicSpec):
        download(dataset, partial(telling(job, unit=1e6, unit_name="MB"), "downloading"), Path(to) if to else None)
    name = settle(name, partial(telling(job, unit=1e6, unit_name="MB"), "unpacking"))
    target = open_target(name)
    problems = len(target.problems)
    if settings.get("geometry"):
        geometry = Geometry.from_json(settings["geometry"])
        problems = len(load_images(name, geometry, partial(telling(job), "reading images")).problems)
    return {
        "status": Status.FINISHED,
        "data": name,
        "classes": len(target.classes),
        "images": len(target.names),
        "problems": problems,
    }
