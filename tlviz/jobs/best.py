"""The job of a search for the best model: a race that plans itself, within a budget of minutes.

It measures, races a field of candidates, changes the leader while time is left, and says at the end what the winner is
worth on pictures that none of these choices has seen.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from tlviz.cores import usable_cores
from tlviz.data.images import open_target
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target
from tlviz.data.training.splits import SplitPlan, split_images
from tlviz.diagnose.advice import is_above_chance
from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import make_request
from tlviz.errors import BadDatasetError, BadSettingError, TlvizError
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.tunable import stages_of
from tlviz.jobs import finetune
from tlviz.jobs.finetune import Shared
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.jobs.race import Course
from tlviz.measures.paired import unpack_hits
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model
from tlviz.runs.best.judge import HELD_OUT, TEST, Estimate, guessing_share, has_signal, nested, on_part
from tlviz.runs.best.plan import (
    FIELD_EPOCHS,
    MEASURED_LIMIT,
    MEASURED_LIMIT_SHORT,
    SHORT_MINUTES,
    SIDES,
    Entrant,
    advised,
    changes,
    epochs_that_fit,
    field_of,
    fixed_rules,
    held_out_share,
    kept,
    rungs_of,
    side_for,
)
from tlviz.runs.expected_time import START_S as ALONE_S
from tlviz.runs.expected_time import forecast, work_of
from tlviz.runs.races.noise import best
from tlviz.runs.races.plan import PLAN
from tlviz.runs.races.race import ADDED, BEST, Member, MemberState, folder_of
from tlviz.runs.store.heartbeat import Status

START_S = 5.0
"""What starting the worker takes of the budget."""
MEASURING_SHARE = 0.25
"""Measuring is given up when it has taken this share of the budget."""
SECOND_NETWORK_SHARE = 0.1
"""A second network is measured where the first took less than this share of the budget."""
TURN_S = 0.7
"""What a run needs to begin in a worker that has begun others; alone it needs ``ALONE_S``."""
CACHE_MB = 2048


class _TooSlowError(Exception):
    """Measuring takes more of the budget than it is worth."""


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

    # Time

    def _used_s(self) -> float:
        """Return the seconds of the budget that are spent, those of earlier workers too; pauses do not count."""
        return self._spent_s + time.perf_counter() - self._begun_at - self._paused_s

    def _left_s(self) -> float:
        return self._budget_s - self._reserve_s - self._used_s()

    def _is_late(self) -> bool:
        return self._left_s() <= 0

    # Planning

    def _recall(self) -> None:
        """Take up what an earlier worker has planned and spent."""
        events = self._job.run.events()
        self._planned += [event["settings"] for event in events if event.get("event") == ADDED]
        planned: dict[str, Any] = next((e for e in events if e.get("event") == "planned"), {})
        self._field, self._is_measured = int(planned.get("field", 0)), bool(planned.get("is_measured"))
        if events:
            self._spent_s += float(planned.get("spent_s", 0.0)) + math.fsum(
                member.curve.points[-1].seconds for member in self._race().members if member.curve.points
            )

    def _plan(self, target: Target) -> None:
        """Measure, and add the runs of the first field."""
        profiles = self._measure()
        share = self._held_out(target)
        several = len(self._models) > 1
        field: list[Entrant] = []
        for at, model in enumerate(self._models):
            stages, named = len(stages_of(find_model(model))) - 1, find_model(model).title if several else ""
            rules = fixed_rules(stages, model, named=named)
            first = advised(profiles[model].advice, model, stages, named=named) if model in profiles else []
            field += field_of(first, rules) if at == 0 else field_of(first[:1], rules[:2])[:2]
        side = self._side(target, field, share, profiles)
        plain: dict[str, Any] = {"epochs": FIELD_EPOCHS, "test_share": share, "gauges": False}
        plain |= {"image_size": side} if side else {}
        for entrant in field:
            self._add(entrant.label, configure(data=self._data, **self._base | plain | dict(entrant.settings)))
        self._is_measured = any(is_above_chance(found.stages, found.chance) for found in profiles.values())
        kept_words = (
            f"{share:.0%} of the pictures are kept from all choices" if share
            else "the target's own test part judges the winner" if "test" in target.parts
            else "the classes are too small to keep pictures from the choices"
        )  # fmt: skip
        at_side = f" at {side} pixels" if side else ""
        self._say(
            f"{len(field)} runs of {FIELD_EPOCHS} epochs{at_side}; {kept_words}.",
            event="planned", field=len(field), is_measured=self._is_measured, spent_s=self._used_s() - START_S,
        )  # fmt: skip

    def _measure(self) -> dict[str, Profile]:
        """Return the profile of each network that there is time to measure."""
        found: dict[str, Profile] = {}
        limit = MEASURED_LIMIT if self._budget_s > 60 * SHORT_MINUTES else MEASURED_LIMIT_SHORT
        torch.set_num_threads(usable_cores())
        for model in self._models:
            if found and self._used_s() > SECOND_NETWORK_SHARE * self._budget_s:
                self._say(f"{find_model(model).title} is not measured: there is more to win with the time.")
                continue
            try:
                request = replace(make_request(model, self._data, limit=limit), read_as=self._read_as())
                found[model] = profile_target(request, self._tell_measuring)
                advice = found[model].advice
                self._say(
                    f"Measured {find_model(model).title}: {advice.strategy} with {advice.freeze} frozen stages is "
                    f"advised. {advice.reasons[0]}"
                )
            except _TooSlowError:
                self._say("Measuring took too long for this budget; the fixed rules race without its advice.")
            except StoppedEarly:
                raise
            except TlvizError as error:
                self._say(f"Not measured: {error} The fixed rules race without its advice.")
        return found

    def _tell_measuring(self, doing: str, done: int, total: int) -> None:
        if self._job.should_stop():
            raise StoppedEarly
        if self._used_s() > MEASURING_SHARE * self._budget_s + START_S:
            raise _TooSlowError
        self._job.tell(Status.RUNNING, f"measuring: {doing}", 0.0, self._left_s())

    def _held_out(self, target: Target) -> float:
        """Return the share to keep from all choices, 0 where a target cannot spare it."""
        share = held_out_share(target.labels, target.parts)
        try:
            split_images(target.labels, target.parts, 0, SplitPlan(share))
        except BadDatasetError:
            return 0.0
        return share

    def _side(self, target: Target, field: list[Entrant], share: float, profiles: Mapping[str, Profile]) -> int | None:
        """Return the side in pixels of the first field, None where the network decides."""
        if self._base.get("image_size"):
            return int(self._base["image_size"])
        specs = [find_model(model) for model in self._models]
        if any(spec.medium is not Medium.PICTURES for spec in specs):
            return None
        own = min(spec.preprocessing.size for spec in specs)
        sides = [side for side in SIDES if side <= own and all(spec.takes(side) for spec in specs)]
        if not sides:
            return None
        profile = next(iter(profiles.values()), None)
        if profile is None:
            return side_for(sides, {}, None, self._left_s())
        train = round(0.8 * (1 - share) * len(target.labels))
        return side_for(
            sides, {side: self._expected_s(field, side, train, profile) for side in sides}, 1, self._left_s()
        )

    def _expected_s(self, field: list[Entrant], side: int, train: int, profile: Profile) -> float:
        """Return how long the whole field takes at a side, by the passes that measuring took."""
        seconds = 0.0
        for entrant in field:
            chosen = self._base | {"image_size": side, "epochs": FIELD_EPOCHS} | dict(entrant.settings)
            config = configure(data=self._data, **chosen)
            work = work_of(config, stages_of(find_model(config.model)), train, train // 4)
            expected = forecast(work, [], profile)
            seconds += max(expected.seconds - ALONE_S, 0.0) + TURN_S if expected else 0.0
        return seconds

    def _add(self, label: str, config: FinetuneConfig, words: str = "") -> None:
        settings = config.to_json() | {PLAN: label}
        self._job.append(
            ADDED, {"number": len(self._planned), "settings": settings} | ({"words": words} if words else {})
        )
        self._planned.append(settings)

    # Racing

    def _race_field(self) -> None:
        """Bring the field to its end, by rungs at which the weaker half leaves where time is short."""
        for rung in rungs_of(FIELD_EPOCHS):
            self._to(rung)
            if self._job.should_stop() or self._is_late():
                return
            self._halve(rung)
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
            self._add(label, config, words)
            self._to(None)

    def _fitted(self, leader: Member) -> Any:
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
        if best(leader) > guess + 2.5 * math.sqrt(guess * (1 - guess) / images):
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

    # Judging

    def _judge(self, target: Target) -> dict[str, Any]:
        """Return what the winner is worth on pictures that no choice has seen.

        Raises ``BadSettingError`` or the first run's own sentence where no run has come to a validated epoch.
        """
        leader = self._leader()
        if leader is None:
            if self._job.should_stop():
                return {}
            errors = [m.curve.error for m in self._race().members if m.curve.error]
            raise BadSettingError(errors[0] if errors else "No run came to its first epoch; give it more minutes.")
        self._job.tell(Status.RUNNING, "judging the winner", 1.0)
        estimate = self._estimate(leader, target)
        if estimate is None:
            return {"winner": leader.run, "signal": self._is_measured}
        return {
            "winner": leader.run,
            "accuracy": estimate.accuracy,
            "interval": list(estimate.interval),
            "estimated_on": estimate.estimated_on,
            "judged_images": estimate.images,
            "guessing": estimate.guessing,
            "signal": has_signal(estimate, is_measured=self._is_measured),
        }

    def _estimate(self, leader: Member, target: Target) -> Estimate | None:
        run = folder_of(self._job.run, str(leader.run))
        config = FinetuneConfig.from_json(leader.settings)
        state = finetune.set_up(Job(run), config, self._shared)
        split, labels = state.session.split, state.session.images.labels
        if len(split.test):
            guessing = guessing_share(labels[split.train], labels[split.test])
            hits = unpack_hits(finetune.score_test(run, state).hits, len(split.test))
            part = TEST if "test" in target.parts else HELD_OUT
            return None if hits is None else on_part(hits, guessing, part)
        guessing = guessing_share(labels[split.train], labels[split.validation])
        return nested(self._candidates(len(split.validation)), guessing)

    def _candidates(self, images: int) -> list[Any]:
        """Return which validation images each epoch of each run named rightly."""
        found = []
        for member in self._race().members:
            events = folder_of(self._job.run, member.run).events() if member.run else []
            told = [str(event.get("val_hits") or "") for event in events if event.get("event") == "epoch"]
            found += [hits for hits in (unpack_hits(text, images) for text in told) if hits is not None]
        return found

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
