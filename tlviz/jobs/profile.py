"""The profile's job: measure a network on a target and leave the profile on disk, where pages find it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import torch

from tlviz.cores import usable_cores
from tlviz.diagnose.early import EVENT
from tlviz.diagnose.profile import DRAWS, profile_target
from tlviz.diagnose.request import Request
from tlviz.errors import BadSettingError
from tlviz.jobs.job import Job
from tlviz.jobs.progress import Shares, telling
from tlviz.runs.store.heartbeat import Status

SHARES = {
    "reading pictures": 0.2,
    "pretrained network": 0.2,
    **{f"random weights {draw} of {DRAWS}": 0.2 / DRAWS for draw in range(1, DRAWS + 1)},
    "reading photographs": 0.08,
    "photographs": 0.1,
    "gradients": 0.12,
    "measuring": 0.1,
}
"""The share of a profile's time that each part takes, in their order; measured roughly."""


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Profile by the settings of a ``Request`` and return the summary and what it took.

    Raises ``StoppedEarly`` where a stop is asked for, and ``TlvizError`` for a person's mistake.
    """
    try:
        request = Request.from_json(settings)
    except KeyError as error:
        raise BadSettingError(f"The profile's settings lack {error}; start it again.") from error
    torch.set_num_threads(usable_cores())
    found = profile_target(
        request, telling(job, Pace(time.monotonic())), lambda stage: job.append(EVENT, asdict(stage))
    )
    return {
        "status": Status.FINISHED,
        "summary": found.summary,
        "images": found.images,
        "measured_s": found.duration_s,
        "forward_s": found.forward_s,
    }


class Pace(Shares):
    """How far a profile is and how long it still takes, from the parts it has been through since ``begun``."""

    def __init__(self, begun: float) -> None:
        super().__init__(SHARES, begun)
