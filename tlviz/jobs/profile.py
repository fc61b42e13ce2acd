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
from tlviz.jobs.progress import telling
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
LEAST_SHARE = 0.05
"""Below this share, the remaining time is unknown."""


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


class Pace:
    """How far a profile is and how long it still takes, from the parts it has been through since ``begun``.

    A part that an earlier profile left on disk is never reported: it counts as done, but not for the pace.
    """

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._told: dict[str, float] = {}

    def note(self, part: str, fraction: float) -> None:
        """Note that a part is done so far, 0 to 1; those reported before it are complete."""
        for earlier in self._told:
            self._told[earlier] = 1.0
        self._told[part] = fraction

    @property
    def fraction(self) -> float:
        """The share of the whole work that is behind, 0 to 1."""
        return 1.0 - self._ahead() / sum(SHARES.values())

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds to the end, None while too little is done for an estimate."""
        behind = sum(SHARES.get(part, 0.0) * fraction for part, fraction in self._told.items())
        return (now - self._begun) * self._ahead() / behind if behind >= LEAST_SHARE else None

    def _ahead(self) -> float:
        """Return the shares of what is left of the last part reported, and of the parts after it."""
        parts = list(SHARES)
        last = max((parts.index(part) for part in self._told if part in SHARES), default=-1)
        rest = (1.0 - self._told[parts[last]]) * SHARES[parts[last]] if last >= 0 else 0.0
        return rest + sum(SHARES[part] for part in parts[last + 1 :])
