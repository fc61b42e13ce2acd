"""The profile as a worker's job: kept where pages find it, shared while it runs, stopped on request."""

from __future__ import annotations

import socket

import pytest
from filelock import FileLock

from tests.workers import over, wait
from tlviz.diagnose.early import early_stages
from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.profile_store import find_profile
from tlviz.diagnose.request import make_request
from tlviz.home import home, make_folder
from tlviz.jobs.profile import SHARES, Pace
from tlviz.runs.launch import start_profile
from tlviz.runs.store.device import lane
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import PROFILE

REQUEST = make_request("squeezenet1_1", "photos", image_size=64, limit=60)


def test_a_job_leaves_its_profile_and_a_second_one_finds_it() -> None:
    assert find_profile(REQUEST) is None
    run = start_profile(REQUEST)
    assert start_profile(REQUEST) == run, "one that is under way is joined"
    wait(lambda: over(run))
    last = run.events()[-1]
    assert run.status() is Status.FINISHED, last
    found = find_profile(REQUEST)
    assert found is not None
    assert (found.summary, found.images) == (last["summary"], last["images"])
    early = early_stages(run.events())
    assert [(stage.name, stage.probe) for stage in early] == [(stage.name, stage.probe) for stage in found.stages]
    assert [stage.random for stage in early] == pytest.approx([stage.random_probe for stage in found.stages])
    again = start_profile(REQUEST)
    wait(lambda: over(again))
    assert again.events()[-1]["measured_s"] == found.duration_s, "the kept one is used"
    assert [one.name for one in list_runs(PROFILE)] == [again.name]


def test_a_stop_is_heeded_and_leaves_no_profile() -> None:
    locks = make_folder(home() / "locks")
    with FileLock(locks / f"{socket.gethostname()}-{lane('files')}.lock"):
        run = start_profile(REQUEST)
        run.request_stop()
        wait(lambda: over(run))
    assert run.status() is Status.STOPPED
    assert find_profile(REQUEST) is None


def test_a_mistake_is_one_sentence() -> None:
    run = start_profile(make_request("resnet50", "photos"))
    wait(lambda: over(run))
    assert run.status() is Status.FAILED
    assert "tlviz models download resnet50" in run.events()[-1]["error"]


def test_the_time_left_is_that_of_the_whole_work() -> None:
    pace, now, fractions = Pace(100.0), 100.0, [0.0]
    assert pace.seconds_left(now) is None, "nothing is known yet"
    for part, share in SHARES.items():
        for done in (0.0, 0.5, 1.0):
            now = 100.0 + 40 * (sum(list(SHARES.values())[: list(SHARES).index(part)]) + done * share)
            pace.note(part, done)
            fractions.append(round(pace.fraction, 9))
            left = pace.seconds_left(now)
            assert left is None or left == pytest.approx(140.0 - now), part
    assert fractions == sorted(fractions)
    assert (pace.fraction, pace.seconds_left(now)) == (pytest.approx(1.0), pytest.approx(0.0))


def test_parts_that_are_kept_from_before_say_nothing_of_the_pace() -> None:
    pace = Pace(0.0)
    pace.note("gradients", 0.5)
    rest = 0.5 * SHARES["gradients"] + SHARES["measuring"]
    assert pace.fraction == pytest.approx(1 - rest)
    assert pace.seconds_left(6.0) == pytest.approx(6.0 * rest / (0.5 * SHARES["gradients"]))


def test_every_part_that_a_profile_tells_has_its_share() -> None:
    told: list[str] = []
    profile_target(
        make_request("squeezenet1_1", "digits", image_size=64, limit=50), lambda doing, *_: told.append(doing)
    )
    assert list(dict.fromkeys(told)) == list(SHARES)
