"""The doctor's job: look at a target; the report stays in the cache, where pages find it."""

from __future__ import annotations

from typing import Any

from tlviz.diagnose.doctor import check_dataset
from tlviz.jobs.job import Job
from tlviz.jobs.progress import telling
from tlviz.runs.store.heartbeat import Status


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Look at a target by the settings ``data`` and ``features`` and return the counts of its report.

    Raises ``StoppedEarly`` where a stop is asked for, and ``TlvizError`` for a person's mistake.
    """
    report = check_dataset(settings["data"], features=settings.get("features", True), progress=telling(job))
    return {"status": Status.FINISHED, "images": report.images, "findings": len(report.findings)}
