"""The profile's job: measure a network on a target and leave the profile on disk, where pages find it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import torch

from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.request import Request
from tlviz.errors import BadSettingError
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.folder import Status

LOOK_S = 0.2
"""Progress is told and a stop looked for this often."""


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Profile by the settings of a ``Request`` and return the summary and what it took.

    Raises ``StoppedEarly`` where a stop is asked for, and ``TlvizError`` for a person's mistake.
    """
    try:
        request = Request.from_json(settings)
    except KeyError as error:
        raise BadSettingError(f"The profile's settings lack {error}; start it again.") from error
    torch.set_num_threads(os.cpu_count() or 1)
    found = profile_target(request, _progress(job))
    return {
        "status": Status.FINISHED,
        "summary": found.summary,
        "images": found.images,
        "measured_s": found.duration_s,
        "forward_s": found.forward_s,
    }


def _progress(job: Job) -> Callable[[str, int, int], None]:
    """Report progress, and end the work where a stop is asked for; each part of it has a time of its own."""
    part, begun, looked = "", 0.0, 0.0

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal part, begun, looked
        now = time.monotonic()
        if doing != part:
            part, begun = doing, now
        elif now - looked < LOOK_S:
            return
        looked = now
        job.tell(Status.RUNNING, f"{doing}: {done:,} of {total:,}", done / max(1, total))
        if job.should_stop():
            raise StoppedEarly

    return progress
