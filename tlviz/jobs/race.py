"""The job of a race: as it was planned, or a search for the best model that plans itself."""

from __future__ import annotations

from typing import Any

from tlviz.jobs.best import BestCourse
from tlviz.jobs.job import Job
from tlviz.jobs.race_course import Course
from tlviz.runs.races.race import BEST


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Run a race from where it stands to its end and return how many of its runs finished.

    A run that fails does not end the race; a disk that is full does.  Raises ``TlvizError``.
    """
    return (BestCourse if settings.get(BEST) else Course)(job, settings).run()
