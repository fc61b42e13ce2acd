"""A run of a race heeds the race's wishes as well as its own, and a pause takes none of its time."""

from __future__ import annotations

import pytest

from tlviz.jobs import race_member
from tlviz.jobs.job import Job
from tlviz.jobs.race_member import MemberJob, is_paused
from tlviz.runs.races.race import PAUSE
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status

Told = list[tuple[str, float, float | None]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def job(told: Told) -> MemberJob:
    race = Job(create_run("race", "a race", {}))
    return MemberJob(create_run("finetune", "one of it", {}), race, lambda *what: told.append(what))


def test_it_stops_for_itself_and_for_the_race(job: MemberJob) -> None:
    assert not job.should_stop()
    job.run.request_stop()
    assert job.should_stop()
    other = MemberJob(create_run("finetune", "another", {}), job._race, lambda *_: None)
    assert not other.should_stop()
    job._race.run.request_stop()
    assert other.should_stop()


def test_the_race_hears_what_a_run_does_and_not_that_it_waits(job: MemberJob, told: Told) -> None:
    job.tell(Status.QUEUED, "waiting")
    job.tell(Status.RUNNING, "epoch 2", 0.5, 9.0)
    assert told == [("epoch 2", 0.5, 9.0)]
    assert (job._beat.doing, job._beat.fraction, job._beat.seconds_left) == ("epoch 2", 0.5, 9.0)


def test_a_pause_stops_the_clock_and_then_it_says_again_what_it_did(
    job: MemberJob, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is at 10 when the pause begins and at 17 when it ends: seven seconds are not the run's."""
    now = [10.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    pause = job._race.run.path / PAUSE

    def wait(_: float) -> None:
        now[0] += 3.5
        if now[0] > 15:
            pause.unlink()

    monkeypatch.setattr(race_member.time, "sleep", wait)
    job.tell(Status.RUNNING, "epoch 2", 0.5, 9.0)
    pause.touch()
    assert is_paused(job._race)
    assert not job.should_stop()
    assert told[1:] == [("paused", 0.5, None), ("epoch 2", 0.5, 9.0)]
    assert (now[0], job.clock()) == (17.0, 10.0)


def test_a_stop_ends_a_pause(job: MemberJob, monkeypatch: pytest.MonkeyPatch) -> None:
    (job._race.run.path / PAUSE).touch()
    monkeypatch.setattr(race_member.time, "sleep", lambda _: job.run.request_stop())
    assert job.should_stop()
    assert is_paused(job._race)
