"""The job of a race: its runs one after another in one process, each in a run folder of its own.

Pictures are decoded once, and what the pretrained frozen stages make of them is kept from run to run.  A worker that
resumes a race continues with whatever is unfinished.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from tlviz.errors import BadSettingError, StorageError
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import choose_device, reset_peak_memory
from tlviz.finetune.events import StopReason
from tlviz.jobs import finetune
from tlviz.jobs.finetune import Shared
from tlviz.jobs.job import Job, carry_out
from tlviz.jobs.race_member import PAUSE_POLL_S, MemberJob, Tell, is_paused
from tlviz.jobs.race_time import Paces
from tlviz.runs.curves import CurveReader
from tlviz.runs.races.halving import behind, rungs
from tlviz.runs.races.race import (
    BEST,
    NUMBER_KEY,
    RACE_KEY,
    Member,
    MemberState,
    Race,
    folder_of,
    planned_settings,
    read_queue,
    read_race,
)
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.kinds import FINETUNE, find_kind
from tlviz.runs.store.worker_lock import claimed

Waiting = tuple[int, str]
"""Number and words of a run that is still to come."""
RETRIED = (MemberState.WAITING, MemberState.STOPPED, MemberState.FAILED)


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Run a race from where it stands to its end and return how many of its runs finished.

    A run that fails does not end the race; a disk that is full does.  Raises ``TlvizError``.
    """
    return make_course(job, settings).run()


def make_course(job: Job, settings: dict[str, Any]) -> Course:
    """Return the way through a race: as it was planned, or one that plans itself within a budget."""
    if settings.get(BEST):
        from tlviz.jobs.best import BestCourse  # which is a course too

        return BestCourse(job, settings)
    return Course(job, settings)


class Course:
    """One worker's way through a race."""

    def __init__(self, job: Job, settings: dict[str, Any]) -> None:
        self._job = job
        self._planned = planned_settings(settings)
        for member in self._planned:
            FinetuneConfig.from_json(member)
        self._rungs = rungs(self._planned) if settings.get("halving") else ()
        self._shared = Shared(PrefixCachePool(max((m.get("cache_mb") or 0 for m in self._planned), default=0)))
        self._reader = CurveReader()
        self._own = Heartbeat.of_this_process()
        self._taken_up: set[int] = set()
        self._paused_s = 0.0
        self._paces = Paces(self._planned)

    def run(self) -> dict[str, Any]:
        """Go through all rungs, the last of which is the end of each run."""
        self._begin()
        for rung in (*self._rungs, None):
            self._to(rung)
            if self._job.should_stop():
                break
            if rung is not None:
                self._drop_behind(rung)
        self._end_resting()
        members = self._race().members
        counts = {state: sum(member.state is state for member in members) for state in MemberState}
        stopped = self._job.should_stop()
        return {
            "status": Status.STOPPED if stopped else Status.FINISHED,
            "finished": counts[MemberState.FINISHED],
            "failed": counts[MemberState.FAILED],
            "dropped": counts[MemberState.DROPPED],
        }

    def _begin(self) -> None:
        """Record that the race has begun or continues, and find runs whose folder was made but not recorded."""
        events = self._job.run.events()
        self._job.append("resumed" if events else "started", {"runs": len(self._planned)})
        if not events:
            return
        known = {member.run for member in self._race().members}
        for run in list_runs(FINETUNE):
            settings = run.config()["settings"]
            if settings.get(RACE_KEY) == self._job.run.name and run.name not in known:
                self._job.append("member", {"number": settings.get(NUMBER_KEY), "run": run.name})
        self._recall_pictures()

    def _recall_pictures(self) -> None:
        """Let the runs that are still to begin have the pictures and copies of those that have begun."""
        for member in self._race().members:
            told = finetune.recorded_pictures(folder_of(self._job.run, member.run)) if member.run else None
            if told is not None:
                self._shared.begun.setdefault(self._planned[member.number]["data"], told)

    def _to(self, rung: int | None) -> None:
        """Bring every run that is still in the race to a rung, in the order a person wishes."""
        tried: set[int] = set()
        while not self._job.should_stop():
            self._wait_while_paused()
            self._before_next(rung)
            members = self._race().members
            queue = [member for member in members if member.number not in tried and self._is_due(member, rung)]
            if not queue or self._job.should_stop():
                return
            tried.add(queue[0].number)
            self._take(queue[0], rung, members, [(member.number, member.words) for member in queue[1:]])

    def _before_next(self, rung: int | None) -> None:
        """Do what the kind of race asks before its next run: nothing."""

    def _is_late(self) -> bool:
        """Return whether there is no time left for training; without a budget there always is."""
        return False

    def _is_due(self, member: Member, rung: int | None) -> bool:
        if self._is_late() or member.state not in RETRIED or member.number in read_queue(self._job.run).cancelled:
            return False
        if member.run and not self._is_ours(folder_of(self._job.run, member.run)):
            return False
        reached = member.curve.points[-1].epoch if member.curve.points else -1
        was_tried = member.number in self._taken_up and member.state is not MemberState.WAITING
        return not was_tried and (rung is None or reached < rung)

    def _is_ours(self, run: RunFolder) -> bool:
        """Return whether no other worker holds a run."""
        if run.status().is_over:
            return True
        beat = run.heartbeat()
        return beat is None or (beat.host, beat.pid) == (self._own.host, self._own.pid)

    def _take(self, member: Member, rung: int | None, members: Sequence[Member], after: Sequence[Waiting]) -> None:
        """Execute one run, unless another worker was faster to take it up."""
        try:
            run = self._folder(member, self._planned[member.number])
        except BadSettingError:  # somebody resumed it alone
            return
        with claimed(run.path) as is_free:
            if is_free and not run.has_ended():
                self._execute(run, member, rung, self._teller(member, members, after))

    def _execute(self, run: RunFolder, member: Member, rung: int | None, tell: Tell) -> None:
        """Execute one run to a rung in its own folder, and record its end there unless it only pauses."""
        settings = self._planned[member.number]
        own = MemberJob(run, self._job, tell, self._is_late)
        reset_peak_memory(choose_device(FinetuneConfig.from_json(settings).device))
        full: list[StorageError] = []

        def work() -> dict[str, Any] | None:
            try:
                own.start()
                own.tell(Status.RUNNING, "starting")
                results = finetune.execute(own, settings, self._shared, rung)
            except StorageError as error:
                full.append(error)
                raise
            if results["reason"] is not StopReason.RUNG:
                return results
            own.rest("waiting for the other runs of its race")
            return None

        begun = time.perf_counter()
        carry_out(own, work)
        self._taken_up.add(member.number)
        self._paused_s += own.paused_s
        self._paces.note(member.number, member.words, time.perf_counter() - begun)
        if full:
            raise full[0]

    def _folder(self, member: Member, settings: dict[str, Any]) -> RunFolder:
        """Return a run's folder, made where it has none and reopened where an earlier worker has ended it."""
        if member.run is None:
            told = {RACE_KEY: self._job.run.name, NUMBER_KEY: member.number}
            run = create_run(FINETUNE, find_kind(FINETUNE).folder_label(settings), settings | told)
            self._job.append("member", {"number": member.number, "run": run.name})
            return run
        run = folder_of(self._job.run, member.run)
        if run.status().is_over:
            run.request_resume()
        return run

    def _drop_behind(self, rung: int) -> None:
        """End the runs of those values that are clearly behind, and record that."""
        for words, members, reason in behind(self._race(), rung):
            for member in members:
                values = {"number": member.number, "epoch": rung, "words": f"{words} was dropped: {reason}"}
                self._job.append("dropped", values)
                self._end(member, "dropped")

    def _end_resting(self) -> None:
        """End the runs that wait at a rung and will not continue."""
        for member in self._race().members:
            self._end(member, "cancelled")

    def _end(self, member: Member, reason: str) -> None:
        run = folder_of(self._job.run, member.run) if member.run else None
        if run and run.is_run() and not run.status().is_over and self._is_ours(run):
            seconds = member.curve.points[-1].seconds if member.curve.points else 0.0
            Job(run).finish(Status.STOPPED, reason=reason, duration_s=seconds)

    def _race(self) -> Race:
        return read_race(self._job.run, self._reader)

    def _wait_while_paused(self) -> None:
        while is_paused(self._job) and not self._job.should_stop():
            self._job.tell(Status.RUNNING, "paused", math.fsum(map(_share, self._race().members)) / len(self._planned))
            time.sleep(PAUSE_POLL_S)
            self._paused_s += PAUSE_POLL_S

    def _teller(self, member: Member, members: Sequence[Member], after: Sequence[Waiting]) -> Tell:
        """Return what turns a run's progress into that of the race, with the time that all of it still takes."""
        begun = time.perf_counter()
        others = math.fsum(_share(other) for other in members if other is not member)

        def tell(doing: str, fraction: float, seconds_left: float | None) -> None:
            spent = time.perf_counter() - begun
            left = self._paces.left(member.number, member.words, after, spent, seconds_left)
            seed = f", seed {member.seed}" if len({m.get("seed") for m in self._planned}) > 1 else ""
            self._job.tell(Status.RUNNING, f"{member.words}{seed}: {doing}", (others + fraction) / len(members), left)

        return tell


def _share(member: Member) -> float:
    """Return how much of its way a run has behind it, 0 to 1."""
    if not member.is_open:
        return 1.0
    return member.curve.points[-1].epoch / member.epochs if member.curve.points else 0.0
