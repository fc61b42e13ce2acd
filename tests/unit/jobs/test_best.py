"""Real searches for the best model on tiny pictures: within their budget, with a winner, and none where labels lie."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.painted import paint
from tests.workers import wait
from tlviz.errors import BadSettingError
from tlviz.runs.best.found import read_best
from tlviz.runs.launch import resume_run, start_best, start_worker
from tlviz.runs.races.race import ADDED, MemberState, read_race
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import RACE

TINTS = {"warm": (255, 160, 120), "cold": (120, 160, 255)}


def folder(root: Path, tints: dict[str, tuple[int, int, int]], each: int = 20) -> str:
    for label, tint in tints.items():
        (root / label).mkdir(parents=True)
        for at in range(each):
            pixels = np.asarray(paint(at + 100 * (label == "cold"), 48, 48)) * (np.array(tint) / 255)
            Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{at}.png")
    return str(root)


def short_search(data: str, minutes: float) -> RunFolder:
    """Start a search of less time than a person may ask for."""
    asked = {"minutes": minutes, "models": ["squeezenet1_1"], "base": {"image_size": 64, "threads": 1, "batch_size": 8}}
    told = {"model": "squeezenet1_1", "data": data, "device": "auto", "sweep": "plan", "halving": False, "members": []}
    run = create_run(RACE, "race", told | {"best": asked})
    start_worker(run)
    return run


def test_a_search_ends_in_its_time_with_a_winner_judged_on_pictures_kept_aside(tmp_path: Path) -> None:
    run = short_search(folder(tmp_path / "target", TINTS), 0.2)
    wait(lambda: run.status().is_over)
    race = read_race(run)
    assert race.status is Status.FINISHED, race.trouble
    found = read_best(run)
    assert found.minutes < 0.22 + 0.1, "a step and its judging may come after the end"
    assert found.estimated_on == "held-out part"
    assert found.judged_images == 8
    assert found.interval
    assert found.accuracy is not None
    assert found.interval[0] <= found.accuracy <= found.interval[1]
    assert {member.settings["test_share"] for member in race.members} == {0.2}
    first = next(event for event in run.events() if event["event"] == ADDED)
    assert len(first["runs"]) == first["field"] >= 4


@pytest.mark.slow
def test_a_search_is_killed_and_resumed_and_keeps_its_budget(tmp_path: Path) -> None:
    run = start_best(["squeezenet1_1"], folder(tmp_path / "target", TINTS), 0.5, {"image_size": 64, "threads": 1})
    wait(lambda: any(member.state is MemberState.FINISHED for member in read_race(run).members))
    time.sleep(random.Random(0).random())
    os.kill(run.heartbeat().pid, signal.SIGKILL)  # type: ignore[union-attr]
    wait(lambda: run.status() in (Status.FAILED, Status.LOST))
    before = {m.run: len(m.curve.points) for m in read_race(run).members if m.run}
    resume_run(run)
    wait(lambda: run.status().is_over)
    after = {m.run: len(m.curve.points) for m in read_race(run).members if m.run}
    assert all(after[name] >= points for name, points in before.items())
    labels = [member.words for member in read_race(run).members]
    assert len(set(labels)) == len(labels)
    assert read_best(run).minutes <= 0.55


@pytest.mark.slow
def test_labels_without_meaning_deliver_no_model(tmp_path: Path) -> None:
    grey = folder(tmp_path / "noise", {"one": (200, 200, 200), "two": (200, 200, 200)}, each=60)
    run = start_best(["squeezenet1_1"], grey, 0.5, {"image_size": 64, "threads": 1})
    wait(lambda: run.status().is_over)
    found = read_best(run)
    assert not found.signal
    assert found.run is None


def test_a_target_that_cannot_validate_is_told_in_a_sentence(tmp_path: Path) -> None:
    run = short_search(folder(tmp_path / "one each", TINTS, each=1), 0.5)
    wait(lambda: run.status().is_over)
    last = run.events()[-1]
    assert last["is_mistake"]
    assert "none can be set aside for validation" in last["error"]
    with pytest.raises(BadSettingError, match="none can be set aside"):
        read_best(run)
