"""A worker's side of one run of a race: its own folder, the race's wishes heeded as well as its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from tlviz.jobs.job import Job
from tlviz.runs.races.race import PAUSE
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

PAUSE_POLL_S = 0.2

Tell = Callable[[str, float, float | None], None]


class MemberJob(Job):
    """The job of one run of a race.

    ``on_tell`` is given what the run does, how far it is and its seconds left.  Between two steps it waits while the
    race is paused; that time is not the run's.  ``is_late`` says that the race's budget is spent: the run stops.
    """

    def __init__(self, run: RunFolder, race: Job, on_tell: Tell, is_late: Callable[[], bool] | None = None) -> None:
        super().__init__(run)
        self._race, self._on_tell, self._is_late = race, on_tell, is_late
        self.log = race.log
        self._paused_s = 0.0
        self._told: tuple[Status, str, float, float | None] = (Status.RUNNING, "starting", 0.0, None)

    def tell(self, state: Status, doing: str, fraction: float = 0.0, seconds_left: float | None = None) -> None:
        """Set what the next heartbeats of the run and of the race say."""
        super().tell(state, doing, fraction, seconds_left)
        if state is Status.RUNNING:
            self._told = state, doing, fraction, seconds_left
            self._on_tell(doing, fraction, seconds_left)

    def should_stop(self) -> bool:
        """Return whether a stop of the run or of the race is asked for, after waiting while the race is paused."""
        if is_paused(self._race) and not self._stops():
            told, begun = self._told, time.perf_counter()
            self.tell(Status.RUNNING, "paused", told[2])
            while is_paused(self._race) and not self._stops():
                time.sleep(PAUSE_POLL_S)
            self._paused_s += time.perf_counter() - begun
            self.tell(*told)
        return self._stops()

    def clock(self) -> float:
        """Return seconds that stand still while the race is paused."""
        return super().clock() - self._paused_s

    def _stops(self) -> bool:
        return super().should_stop() or self._race.should_stop() or bool(self._is_late and self._is_late())

    @property
    def paused_s(self) -> float:
        """How many seconds it has waited because the race was paused."""
        return self._paused_s


def is_paused(race: Job) -> bool:
    """Return whether a person asked a race to wait."""
    return (race.run.path / PAUSE).exists()
