from __future__ import annotations

from pathlib import Path

import pytest

from tests.pretended_slurm import pretend, show
from tests.workers import two_colours
from tlviz.errors import BadSettingError
from tlviz.home import runs_folder
from tlviz.runs.launch import resume_run, start_race, stop_run
from tlviz.runs.launchers.launcher import launcher_of
from tlviz.runs.launchers.resources import Resources
from tlviz.runs.races.plan import plan_race
from tlviz.runs.races.race import folder_of, read_race
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import read_scheduled

SLURM = Resources("slurm")


def raced(tmp_path: Path, **more: object) -> object:
    folder = two_colours(tmp_path, 2)
    base = {"model": "squeezenet1_1", "data": str(folder), "epochs": 1, "image_size": 64}
    configs = plan_race(base, "strategy", ("head_only", "full"), (0, 1))
    return start_race(configs, "strategy", resources=SLURM, **more)


def test_a_race_is_an_array_that_is_stopped_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    tools = pretend(monkeypatch, tmp_path / "tools")
    race = raced(tmp_path)
    assert launcher_of(race) == "slurm"
    assert read_scheduled(race.path).job == "7"
    show(tools, "".join(f"7_{at}|PENDING|Priority\n" for at in range(4)))
    assert read_race(race).status is Status.QUEUED
    stop_run(race)
    members = [folder_of(race, member.run) for member in read_race(race).members]
    assert {run.status() for run in members} == {Status.STOPPED} == {race.status()}
    show(tools, "")
    resume_run(race)
    assert {run.status() for run in members} == {Status.QUEUED}
    assert read_race(race).status is Status.QUEUED
    assert "array=0-3" in (tools / "script").read_text()


def test_halving_and_a_refusal_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    pretend(monkeypatch, tmp_path / "tools")
    with pytest.raises(BadSettingError, match="halving"):
        raced(tmp_path, halving=True)
    assert not runs_folder().exists() or not any(runs_folder().iterdir())
