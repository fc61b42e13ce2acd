"""The job of a search for the best model: a race that plans itself, within a budget of minutes.

It measures, races a field of candidates, changes the leader while time is left, and says at the end what the winner is
worth on pictures that none of these choices has seen.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tlviz.data.images import open_target
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target
from tlviz.errors import BadSettingError
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.tunable import stages_of
from tlviz.jobs.best_field import Search, plan_field
from tlviz.jobs.best_judge import judge
from tlviz.jobs.finetune import Shared
from tlviz.jobs.job import Job
from tlviz.jobs.race import Course
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.runs.best.plan import FIELD_EPOCHS, Entrant, changes, epochs_that_fit, kept, rungs_of
from tlviz.runs.expected_time import work_of
from tlviz.runs.races.noise import best
from tlviz.runs.races.plan import PLAN
from tlviz.runs.races.race import ADDED, BEST, Member, MemberState, added_settings, folder_of
from tlviz.runs.store.heartbeat import Status

START_S = 5.0
"""What starting the worker takes of the budget."""
CACHE_MB = 2048
HALVED = "halved"
CLEAR = 2.5
"""Standard deviations of guessing by which a leader must be above it, or nothing more is tried without a measured
signal."""

Fit = Callable[[Entrant], tuple[str, FinetuneConfig] | None]


class BestCourse(Course):
    """One worker's way through a search for the best model."""

    def __init__(self, job: Job, settings: dict[str, Any]) -> None:
        super().__init__(job, settings)
        asked = settings[BEST]
        self._data, self._models = str(settings["data"]), [str(model) for model in asked["models"]]
        self._base: dict[str, Any] = dict(asked.get("base") or {}) | {"device": settings.get("device")}
        self._budget_s = 60 * float(asked["minutes"])
        self._reserve_s = max(2.0, 0.03 * self._budget_s)
        self._shared = Shared(PrefixCachePool(CACHE_MB))
        self._begun_at, self._spent_s = time.perf_counter(), START_S
        self._field = 0
        self._halved: set[Any] = set()
        self._is_measured = False

    def run(self) -> dict[str, Any]:
        """Measure, race the field, change the leader while time is left, and judge the winner."""
        self._recall()
        self._begin()
        target = open_target(self._data, read_as=self._read_as())
        stamp = _stamp_of(target)
        if not self._planned:
            self._plan(target)
        self._race_field()
        if not self._job.should_stop():
            self._improve()
        self._end_resting()
        judged = self._judge(target)
        if _stamp_of(open_target(self._data, read_as=self._read_as())) != stamp:
            self._say("The pictures changed while this ran; the result is for them as they were at its start.")
        members = self._race().members
        return {
            "status": Status.STOPPED if self._job.should_stop() else Status.FINISHED,
            "finished": sum(member.state is MemberState.FINISHED for member in members),
            "failed": sum(member.state is MemberState.FAILED for member in members),
            "dropped": sum(member.state is MemberState.DROPPED for member in members),
            "minutes": self._used_s() / 60,
            **judged,
        }

    def _used_s(self) -> float:
        """Return the seconds of the budget that are spent, those of earlier workers too; pauses do not count."""
        return self._spent_s + time.perf_counter() - self._begun_at - self._paused_s

    def _left_s(self) -> float:
        return self._budget_s - self._reserve_s - self._used_s()

    def _is_late(self) -> bool:
        return self._left_s() <= 0

    def _recall(self) -> None:
        """Take up what an earlier worker has planned and spent."""
        events = self._job.run.events()
        self._planned += added_settings(events)
        planned: dict[str, Any] = next((e for e in events if e.get("event") == ADDED), {})
        self._halved = {event.get("rung") for event in events if event.get("event") == HALVED}
        self._field, self._is_measured = int(planned.get("field", 0)), bool(planned.get("is_measured"))
        if events:
            self._spent_s += float(planned.get("spent_s", 0.0)) + math.fsum(
                member.curve.points[-1].seconds for member in self._race().members if member.curve.points
            )

    def _plan(self, target: Target) -> None:
        """Measure, and add the runs of the first field."""
        search = Search(
            job=self._job,
            target=target,
            data=self._data,
            read_as=self._read_as(),
            models=self._models,
            base=self._base,
            budget_s=self._budget_s,
            used_s=self._used_s,
            left_s=self._left_s,
            say=self._say,
        )
        field = plan_field(search)
        self._field, self._is_measured = len(field.runs), field.is_measured
        about = {"is_measured": field.is_measured, "spent_s": self._used_s() - START_S, "field": self._field}
        self._add(field.runs, field.words, **about)

    def _add(self, runs: Sequence[tuple[str, FinetuneConfig]], words: str, **about: Any) -> None:
        """Add runs to the race, all of them or, where the worker is killed, none."""
        settings = [config.to_json() | {PLAN: label} for label, config in runs]
        self._say(words, ADDED, runs=settings, **about)
        self._planned += settings

    def _race_field(self) -> None:
        """Bring the field to its end, by rungs at which the weaker half leaves where time is short."""
        for rung in rungs_of(FIELD_EPOCHS):
            self._to(rung)
            if self._job.should_stop() or self._is_late():
                return
            if rung not in self._halved:
                self._halve(rung)
                self._job.append(HALVED, {"rung": rung})
        self._to(None)

    def _before_next(self, rung: int | None) -> None:
        """Give up the last of those that have not begun where not all can come to the first rung in time."""
        first = rungs_of(FIELD_EPOCHS)[0]
        if rung != first:
            return
        members = [m for m in self._race().members if m.number < self._field]
        waiting = [m for m in members if m.state is MemberState.WAITING and not m.curve.points]
        pace = self._seconds_per_work(members)
        if pace is None:
            return
        while len(waiting) > 1:
            need = math.fsum(pace * self._paces.work(m.number) * first / FIELD_EPOCHS for m in waiting)
            if need <= 0.6 * self._left_s():
                return
            last = waiting.pop()
            self._drop(last, first, f"{last.words} was not tried: the time does not reach for it.")

    def _halve(self, rung: int) -> None:
        """Let the weaker half of the field leave, unless all can run to their end in the field's share of the time."""
        members = [m for m in self._race().members if m.number < self._field and m.is_open and m.curve.best]
        pace = self._seconds_per_work(members)
        if pace is not None:
            need = pace * math.fsum(self._paces.work(m.number) * (1 - rung / FIELD_EPOCHS) for m in members)
            if need <= 0.5 * self._left_s():
                return
        stay = kept({member.number: best(member) for member in members})
        least = min((best(member) for member in members if member.number in stay), default=0.0)
        for member in members:
            if member.number not in stay:
                why = f"after epoch {rung} its {best(member):.1%} was not among the better half ({least:.1%} and more)."
                self._drop(member, rung, f"{member.words} left: {why}")

    def _drop(self, member: Member, epoch: int, words: str) -> None:
        self._job.append("dropped", {"number": member.number, "epoch": epoch, "words": words})
        self._end(member, "dropped")

    def _seconds_per_work(self, members: list[Member]) -> float | None:
        """Return what a unit of work took in the runs that have trained, None where none has."""
        rates = [
            m.curve.points[-1].seconds * m.epochs / (m.curve.points[-1].epoch * self._paces.work(m.number))
            for m in members
            if m.curve.points and m.curve.points[-1].epoch > 0
        ]
        return math.fsum(rates) / len(rates) if rates else None

    def _improve(self) -> None:
        """Change the leader in one respect after the other while there is time, from whichever leads then."""
        self._to(None)  # a change that an earlier worker had begun
        while not self._job.should_stop() and not self._is_late():
            leader = self._leader()
            if leader is None or not self._can_learn(leader):
                return
            settings = leader.settings
            own = find_model(settings["model"]).preprocessing.size
            done = {m.words for m in self._race().members}
            found = next((one for one in map(self._fitted(leader), changes(settings, own, done)) if one), None)
            if found is None:
                return
            label, config = found
            words = f"{label}: {best(leader):.1%} so far by {leader.words}; {self._left_s():.0f} s are left."
            self._add([(label, config)], words)
            self._to(None)

    def _fitted(self, leader: Member) -> Fit:
        """Return what turns a change into a run that fits into the time, or None."""

        def fit(change: Entrant) -> tuple[str, FinetuneConfig] | None:
            known = {name: value for name, value in leader.settings.items() if name != PLAN}
            config = FinetuneConfig.from_json(known | dict(change.settings))
            spec = find_model(config.model)
            if spec.medium is Medium.PICTURES and not spec.takes(config.image_size):
                return None
            points = leader.curve.points
            if not points or points[-1].epoch < 1:
                return None
            before = FinetuneConfig.from_json(known)
            stages = stages_of(spec)
            grown = work_of(config, stages, 80, 20) / config.epochs / (work_of(before, stages, 80, 20) / before.epochs)
            epochs = epochs_that_fit(config.epochs, grown * points[-1].seconds / points[-1].epoch, 0.9 * self._left_s())
            return None if epochs is None else (change.label, replace(config, epochs=epochs))

        return fit

    def _can_learn(self, leader: Member) -> bool:
        """Return whether it is worth going on: the profile saw a signal, or the leader is clear of its own start."""
        if self._is_measured or not leader.curve.validation_images:
            return True
        images, start = leader.curve.validation_images, leader.curve.points[0].val_accuracy
        guess = max(start, 1 / max(2, self._classes))
        if best(leader) > guess + CLEAR * math.sqrt(guess * (1 - guess) / images):
            return True
        self._say("Nothing more is tried: neither measuring nor training shows more than guessing.")
        return False

    @property
    def _classes(self) -> int:
        return len(open_target(self._data, read_as=self._read_as()).classes)

    def _leader(self) -> Member | None:
        ready = [m for m in self._race().members if m.curve.best and m.run and m.state is not MemberState.GONE]
        held = [m for m in ready if folder_of(self._job.run, str(m.run)).weights.exists()]
        return max(held, key=lambda m: (best(m), -m.number), default=None)

    def _judge(self, target: Target) -> dict[str, Any]:
        """Return what the winner is worth.  Raises ``BadSettingError`` where no run has come to a validated epoch."""
        leader, members = self._leader(), self._race().members
        if leader is None:
            if self._job.should_stop():
                return {}
            errors = [m.curve.error for m in members if m.curve.error]
            raise BadSettingError(errors[0] if errors else "No run came to its first epoch; give it more minutes.")
        self._job.tell(Status.RUNNING, "judging the winner", 1.0)
        own_test = "test" in target.parts
        return judge(self._job.run, leader, members, self._shared, own_test=own_test, is_measured=self._is_measured)

    def _read_as(self) -> ReadAs:
        return ReadAs.from_json(self._base)

    def _say(self, words: str, event: str = "told", **values: Any) -> None:
        self._job.append(event, {"words": words} | values)


def _stamp_of(target: Target) -> str:
    """Return what changes when a picture of a target is added, removed, moved or written anew."""
    digest = hashlib.sha256("|".join(target.classes).encode(errors="surrogateescape"))
    for name, label, source in zip(target.names, target.labels.tolist(), target.sources, strict=True):
        digest.update(f"{name}|{label}|{source.stamp}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
