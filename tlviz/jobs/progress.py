"""How far a job is, told in its heartbeat, and its end where a stop is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.heartbeat import Status, time_left

LOOK_S = 0.2
"""Progress is told and a stop looked for this often."""
LEAST_SHARE = 0.05
"""Below this share of the whole work, the remaining time is unknown."""


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


class Shares:
    """The pace of a work of several parts with their rough shares of its time, in their order, begun at a moment.

    A part that is never reported, because its result is there already, counts as done, but not for the pace.
    """

    def __init__(self, shares: Mapping[str, float], begun: float) -> None:
        self._shares = shares
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
        return 1.0 - self._ahead() / sum(self._shares.values())

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds to the end, None while too little is done for an estimate."""
        behind = sum(self._shares.get(part, 0.0) * fraction for part, fraction in self._told.items())
        least = LEAST_SHARE * sum(self._shares.values())
        return (now - self._begun) * self._ahead() / behind if behind >= least else None

    def _ahead(self) -> float:
        """Return the shares of what is left of the last part reported, and of the parts after it."""
        parts = list(self._shares)
        last = max((parts.index(part) for part in self._told if part in self._shares), default=-1)
        rest = (1.0 - self._told[parts[last]]) * self._shares[parts[last]] if last >= 0 else 0.0
        return rest + sum(self._shares[part] for part in parts[last + 1 :])


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
