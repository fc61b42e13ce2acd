from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.workers import two_colours
from tlviz.errors import BadDatasetError, BadSettingError, BadWeightsError
from tlviz.finetune.config import configure
from tlviz.jobs.scheduled import ScheduledJob, check_caches, check_node, end_race
from tlviz.runs.races.race import NUMBER_KEY, RACE_KEY, read_race
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.json_lines import append_line, encode
from tlviz.runs.store.scheduled import Scheduled, write_scheduled


def note(run: RunFolder, torch: str = version("torch")) -> RunFolder:
    write_scheduled(run.path, Scheduled("slurm", "1", time.time(), torch, str(run.path)))
    return run


def made(model: str = "squeezenet1_1", data: str = "photos") -> RunFolder:
    return note(create_run("finetune", "run", configure(model, data, "full").to_json()))


def raced(count: int) -> tuple[RunFolder, list[RunFolder]]:
    members = [configure("squeezenet1_1", "photos", "full", seed=seed).to_json() for seed in range(count)]
    settings = {"model": "squeezenet1_1", "data": "photos", "device": "auto", "sweep": "strategy", "halving": False}
    race = note(create_run("race", "race", settings | {"members": members}))
    runs = []
    for number, member in enumerate(members):
        runs.append(note(create_run("finetune", "run", member | {RACE_KEY: race.name, NUMBER_KEY: number})))
        told = {"event": "member", "time": time.time(), "number": number, "run": runs[-1].name}
        append_line(race.path / "events.jsonl", encode(told))
    return race, runs


def end(run: RunFolder, status: str = "finished") -> None:
    append_line(run.path / "events.jsonl", encode({"event": "finished", "time": time.time(), "status": status}))


def test_a_race_ends_with_its_last_run() -> None:
    race, runs = raced(2)
    end(runs[0])
    end_race(runs[0])
    assert not race.has_ended()
    end(runs[1], "failed")
    end_race(runs[1])
    end_race(runs[1])
    assert read_race(race).status is Status.FINISHED
    assert [event["event"] for event in race.events()].count("finished") == 1
    assert (race.events()[-1]["finished"], race.events()[-1]["failed"]) == (1, 1)


def test_leaving_a_node_is_no_end_unless_a_stop_is_wanted() -> None:
    race, (run,) = raced(1)
    job = ScheduledJob(run)
    assert not job.should_stop()
    job.leave()
    assert job.should_stop()
    assert job.is_leaving
    race.request_stop()
    assert not job.is_leaving


def test_another_torch_is_refused() -> None:
    check_node(made())
    with pytest.raises(BadSettingError, match=r"submitted with torch 1\.0"):
        check_node(note(made(), "1.0"))


def test_what_a_node_lacks_is_said_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    check_caches(made())
    (tmp_path / "pictures").mkdir()
    folder = two_colours(tmp_path / "pictures", 1)
    run = made(data=str(folder))
    check_caches(run)
    folder.rename(tmp_path / "gone")
    with pytest.raises(BadDatasetError, match=r"finds no target .*prefetch --model squeezenet1_1 --data"):
        check_caches(run)
    with pytest.raises(BadDatasetError, match="prefetch --model squeezenet1_1 --data pets"):
        check_caches(made(data="pets"))
    with pytest.raises(BadWeightsError, match="prefetch --model resnet152 --data photos"):
        check_caches(made("resnet152"))
