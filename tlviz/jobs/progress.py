"""How far a job is, told in its heartbeat, and its end where a stop is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.heartbeat import Status, time_left

LOOK_S = 0.2
"""Progress is told and a stop looked for this often."""


class Pacing(Protocol):
    """How far a work of several parts is, from what is noted of each."""

    @property
    def fraction(self) -> float:
        """The share of the whole work that is behind, 0 to 1."""

    def note(self, part: str, fraction: float) -> None:
        """Note that a part is done so far, 0 to 1."""

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds to the end, None where nobody can say."""


class OnePart:
    """The pace of a work that is what is being told, begun at a moment of ``time.monotonic``."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self.fraction = 0.0

    def note(self, _part: str, fraction: float) -> None:
        """Note how far it is."""
        self.fraction = fraction

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds to the end, None before any of it is done."""
        return time_left(now - self._begun, self.fraction, 1.0)


class UnknownShare:
    """The pace of a work that is only the beginning of a longer one."""

    fraction = 0.0

    def note(self, _part: str, _fraction: float) -> None:
        """Note nothing."""

    def seconds_left(self, _now: float) -> float | None:
        """Say nothing."""
        return None


def telling(
    job: Job, pace: Pacing | None = None, *, unit: float = 1.0, unit_name: str = ""
) -> Callable[[str, int, int], None]:
    """Return what a work calls with what it does, how much of it is done and how much there is.

    Told are a new thing at once, the end of one, and what is between every fifth of a second; the numbers in units.
    The call raises ``StoppedEarly`` where a stop is asked for.
    """
    pace = pace or OnePart(time.monotonic())
    told, looked = ("", False), 0.0

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal told, looked
        now, news = time.monotonic(), (doing, done >= total)
        pace.note(doing, done / max(1, total))
        if news == told and now - looked < LOOK_S:
            return
        told, looked = news, now
        if job.should_stop():
            raise StoppedEarly
        words = f"{doing}: {done / unit:,.0f} of {total / unit:,.0f} {unit_name}".rstrip()
        job.tell(Status.RUNNING, words, pace.fraction, pace.seconds_left(now))

    return progress
