"""Several people and several deaths at once: nothing runs twice, nothing is lost, the queue goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.browser import ROOT, Server, Visit, serving, visiting
from tests.workers import two_colours, wait
from tlviz.finetune.config import configure
from tlviz.runs.launch import start_finetune, start_race
from tlviz.runs.races.plan import plan_race
from tlviz.runs.races.race import read_race
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise

TERMINAL = "finetune --model squeezenet1_1 --strategy head_only --image-size 64 --epochs 2 --json"


def epochs(run: RunFolder) -> list[int]:
    return [event["epoch"] for event in run.events() if event["event"] == "epoch"]


def span(run: RunFolder) -> tuple[float, float]:
    """Return when a run began and ended, after checking that it did both once."""
    told = [event["event"] for event in run.events()]
    assert told.count("started") == told.count("finished") == 1
    assert epochs(run) == list(range(len(epochs(run))))
    return run.events()[0]["time"], run.events()[-1]["time"]


@pytest.mark.slow  # that runs take turns `unit/test_worker.py` and `unit/jobs/test_race.py` test in every run
def test_two_tabs_and_a_terminal_start_at_once_and_nothing_runs_twice(home: Path, tmp_path: Path) -> None:
    (tmp_path / "colours").mkdir()
    target = two_colours(tmp_path / "colours")
    with serving(home) as server, visiting(server) as visit:
        other = visit.another_tab()
        tabs = (visit, other)
        for tab in tabs:
            tab.go(f"/finetune?target=folder&folder={target}&strategy=head_only")
        command = [sys.executable, "-m", "tlviz", *TERMINAL.split(), "--data", str(target)]
        terminal = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for tab in tabs:
            tab.page.get_by_role("button", name="Start", exact=True).dblclick(no_wait_after=True)
        for tab in tabs:
            expect(tab.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
            tab.settle()
        assert not visit.errors + other.errors
        tabs[0].page.goto("about:blank")  # nobody needs to look while they train
        tabs[1].page.goto("about:blank")
    assert terminal.wait(180) == 0
    wait(lambda: len(list_runs(FINETUNE)) >= 3 and all(run.status().is_over for run in list_runs(FINETUNE)), 180)
    runs = list_runs(FINETUNE)
    assert [run.status() for run in runs] == [Status.FINISHED] * 3
    spans = sorted(span(run) for run in runs)
    assert all(one[1] <= two[0] for one, two in pairwise(spans)), "they took turns"


def kill_worker(race: RunFolder) -> None:
    beat = race.heartbeat()
    if beat is not None and not race.status().is_over:
        os.kill(beat.pid, signal.SIGKILL)


def strike(victim: int, race: RunFolder, server: Server) -> None:
    """Kill the worker, the app, or both."""
    if victim != 1:
        kill_worker(race)
    if victim:
        server.kill()
        server.start()


def resume(visit: Visit, race: RunFolder) -> None:
    """Click *Resume* as a person would: again where the page was just being drawn anew."""
    for _ in range(6):
        visit.page.get_by_role("button", name="Resume").click()
        for _ in range(30):
            if not race.status().is_over or race.status() is Status.FINISHED:
                return
            visit.page.wait_for_timeout(200)
    raise AssertionError(f"the race does not go on: {race.status()}")


@pytest.mark.slow
def test_app_and_worker_are_killed_and_a_new_app_shows_it_and_goes_on(home: Path, tmp_path: Path) -> None:
    """The app dies and the worker goes on; the worker dies, the page says so, what waited had its turn, and so on.

    Without a browser it is ``test_a_run_outlives_who_started_it`` in ``engine/test_killed_workers.py``, in every run.
    """
    (tmp_path / "colours").mkdir()
    data = str(two_colours(tmp_path / "colours"))
    chosen = {"epochs": 1000, "patience": 1000, "image_size": 64, "batch_size": 4, "threads": 1}
    run = start_finetune(configure("squeezenet1_1", data, "full", **chosen))
    address = f"/finetune?target=folder&folder={data}&run={run.name}"
    with serving(home, alone=True) as server, visiting(server) as visit:
        visit.go(address)
        visit.wait_points(1)
        server.kill()
        behind = start_finetune(configure("squeezenet1_1", data, "head_only", image_size=64, epochs=2))
        server.start()
        visit.go(address)
        seen = visit.points("validation")
        visit.wait_points(max(2, seen + 1))
        assert run.status() is Status.RUNNING, "it needs no app"
        assert behind.status() is Status.QUEUED
        held = epochs(run)
        kill_worker(run)
        expect(visit.page.get_by_text("Its worker was killed, the machine was restarted, or its disk")).to_be_visible()
        assert visit.points("validation") >= 2, "its curve is kept"
        wait(lambda: behind.status() is Status.FINISHED)
        visit.page.get_by_role("button", name="Resume").click()
        wait(lambda: len(epochs(run)) > len(held) + 1)
        run.request_stop()
        wait(lambda: run.status().is_over)
        assert not visit.errors
    assert epochs(run) == list(range(len(epochs(run)))), "no epoch is lost, none told twice"
    assert len(list_runs(FINETUNE)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kills", [3, 20])
def test_worker_app_or_both_killed_at_random_moments(home: Path, kills: int) -> None:
    """At definite moments it is ``test_app_and_worker_are_killed_and_a_new_app_shows_it_and_goes_on`` above.

    Of a race it is ``test_a_killed_race_goes_on_and_loses_nothing`` and the one after it in ``unit/jobs/test_race.py``.
    """
    draw, last = random.Random(kills), 2 + kills
    base = {"model": "squeezenet1_1", "data": "photos", "image_size": 64, "epochs": last, "patience": 100}
    race = start_race(plan_race(base, "strategy", ("head_only", "full"), (0,)), "strategy")
    behind = start_finetune(configure("squeezenet1_1", "photos", "head_only", image_size=64, epochs=2))
    with serving(home, alone=True) as server, visiting(server) as visit:
        for number in range(kills):
            visit.page.goto(f"{server.url}/race?race={race.name}")
            visit.page.wait_for_selector("h1")
            held = {run.name: epochs(run) for run in list_runs(FINETUNE)}
            visit.page.wait_for_timeout(draw.random() * 2500)
            strike(number % 3, race, server)
            after = {run.name: epochs(run) for run in list_runs(FINETUNE)}
            assert all(after[name][: len(known)] == known for name, known in held.items()), "no epoch is lost"
            assert all(summarise(run).settings for run in list_runs(FINETUNE)), "every folder can be read"
            if race.status().is_over and race.status() is not Status.FINISHED:
                visit.page.goto(f"{server.url}/race?race={race.name}")
                resume(visit, race)
        visit.page.goto(f"{server.url}/race?race={race.name}")
        expect(visit.page.get_by_text("finished after")).to_be_visible(timeout=180_000)
        expect(visit.page.get_by_text("2 of 2 runs")).to_be_visible()
        assert not visit.errors
    assert behind.status() is Status.FINISHED, "the queue went on"
    found = read_race(race)
    assert [str(member.state) for member in found.members] == ["finished"] * 2, found.trouble
    assert len(list_runs(FINETUNE)) == 3
    for member in found.members:
        assert [point.epoch for point in member.curve.points] == list(range(last + 1))
