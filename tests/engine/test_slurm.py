"""A race on a real SLURM that is started for it: jobs are drained, killed and cut off, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from safetensors.torch import load_file

from tests.slurm_here import ask, missing, slurm
from tests.workers import two_colours, wait
from tlviz.errors import BadSettingError
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.launch import resume_run, start_race
from tlviz.runs.launchers.resources import Resources
from tlviz.runs.races.plan import plan_race
from tlviz.runs.races.race import folder_of, read_race
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import job_words, read_scheduled
from tlviz.runs.summary import summarise

pytestmark = [
    pytest.mark.slow,
    pytest.mark.cold_workers,
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]
SLURM = Resources("slurm", time_min=10, cpus=1, array_size=2, notice_s=5)
SHORT, LONG = 4, 300
"""Epochs: of runs that end at once, and of those that are met at work."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with few small pictures each."""
    return two_colours(tmp_path_factory.mktemp("target"), 8, noise=150)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run a SLURM of two nodes with one core each for a test."""
    (tmp_path / "slurm").mkdir()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with slurm(tmp_path / "slurm") as environment:
        monkeypatch.setenv("SLURM_CONF", environment["SLURM_CONF"])
        yield environment


def configs(target: Path, epochs: int, seeds: int) -> tuple[FinetuneConfig, ...]:
    base = {"model": "squeezenet1_1", "data": str(target), "epochs": epochs, "patience": 500, "image_size": 64}
    base |= {"batch_size": 8, "threads": 1, "strategy": "full"}
    return plan_race(base, "strategy", ("discriminative", "full"), tuple(range(seeds)))


def jobs(environment: dict[str, str], state: str) -> list[str]:
    return ask(environment, "squeue", "-h", "-r", "-t", state, "-o", "%i").split()


def members(race: RunFolder) -> list[RunFolder]:
    return [folder_of(race, member.run) for member in read_race(race).members if member.run]


def told(moment: str, race: RunFolder) -> None:
    """Write to the test's output how a race stands, for who watches it."""
    states = [member.state.value for member in read_race(race).members]
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {moment} | {read_race(race).status}: {states}\n")


def same(one: RunFolder, two: RunFolder) -> None:
    """Check that two runs have the same curve and, to the byte, the same weights."""
    assert one.status() is two.status() is Status.FINISHED, (summarise(one).error, summarise(two).error)
    curves = [[(e["epoch"], e["train_loss"], e["val_loss"]) for e in summarise(run).epochs] for run in (one, two)]
    assert curves[0] == curves[1]
    mine, other = load_file(one.weights), load_file(two.weights)
    assert mine.keys() == other.keys()
    assert all(np.array_equal(mine[name].numpy(), other[name].numpy()) for name in mine)


def test_a_race_outlives_a_drained_node_a_killed_job_and_its_limit(
    cluster: dict[str, str], target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve runs, two at a time: one queued again, a worker killed, a node drained, a job killed whole."""
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "undisturbed"))
    plan = configs(target, LONG, 1) + configs(target, SHORT, 5)
    whole = start_race(plan, "strategy")
    wait(lambda: whole.status().is_over, 900)
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "clustered"))
    race = start_race(plan, "strategy", resources=SLURM)
    array = read_scheduled(race.path).job
    wait(lambda: len(jobs(cluster, "RUNNING")) == 2)
    assert len(jobs(cluster, "PENDING")) == 10
    assert read_race(race).status is Status.RUNNING
    told(f"two at work: {job_words(race.path)}", race)
    first, second = members(race)[:2]
    wait(lambda: len(summarise(first).epochs) > 3 and len(summarise(second).epochs) > 3)
    # What SLURM sends before the limit: both save, leave, and are queued again.
    # Not waited for: scancel asks a job again that has just left.
    notice = subprocess.Popen(["scancel", "--signal=USR2", f"{array}_0"])
    wait(lambda: first.status() is Status.QUEUED, 60)
    notice.kill()
    cut = len(summarise(first).epochs)
    told(f"after the notice, at epoch {cut}: {job_words(first.path)}", race)
    beat = second.heartbeat()
    os.kill(beat.pid, signal.SIGKILL)  # its job starts another worker
    wait(lambda: (now := second.present_beat()) is not None and now.pid != beat.pid, 60)
    ask(cluster, "scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    third = members(race)[2]
    wait(lambda: len(jobs(cluster, "RUNNING")) <= 1 or third.status().is_over, 300)
    told("a node drained", race)
    ask(cluster, "scontrol", "update", "NodeName=n1", "State=RESUME")
    # A job that is killed with all that belongs to it, as a machine that stops.
    wait(lambda: first.status() is Status.RUNNING and len(summarise(first).epochs) > cut, 300)
    kill_job(first)
    wait(lambda: not jobs(cluster, "RUNNING,PENDING,COMPLETING"), 600)
    wait(lambda: read_race(race).status.is_over, 60)
    told(f"one killed whole: {job_words(first.path)}", race)
    assert first.status() is Status.FAILED, "the job is gone, and so is what it would have recorded"
    resume_run(race)
    wait(lambda: read_race(race).status is Status.FINISHED, 600)
    told("resumed", race)
    for mine, other in zip(members(race), members(whole), strict=True):
        same(mine, other)


def kill_job(run: RunFolder) -> None:
    worker = psutil.Process(run.heartbeat().pid)
    for process in (worker.parent(), worker):
        process.kill()


def test_a_job_goes_on_after_its_time_limit(
    cluster: dict[str, str], target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SLURM itself sends the notice before a limit of one minute; the job comes back and ends the same."""
    plan = configs(target, 450, 1)[1:]
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "undisturbed"))
    whole = start_race(plan, "strategy")
    wait(lambda: whole.status().is_over, 900)
    told(f"undisturbed, {read_race(whole).duration_s:.0f} s", whole)
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "clustered"))
    race = start_race(plan, "strategy", resources=SLURM.changed({"time_min": 1, "notice_s": 10}))
    wait(lambda: read_race(race).status is Status.FINISHED, 900)
    job = read_scheduled(members(race)[0].path).job
    shown = ask(cluster, "scontrol", "show", "job", job)
    words = [word for word in shown.split() if word.startswith(("Restarts", "JobState", "RunTime", "TimeLimit"))]
    told(" ".join(words), race)
    assert "Restarts=0" not in shown
    same(members(race)[0], members(whole)[0])


def test_a_wrong_partition_is_one_sentence_and_leaves_no_folder(
    cluster: dict[str, str], target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "home"))
    with pytest.raises(BadSettingError, match=r"invalid partition specified: nope.*The partitions here are debug"):
        start_race(configs(target, SHORT, 1), "strategy", resources=SLURM.changed({"partition": "nope"}))
    assert not any((tmp_path / "home" / "runs").iterdir())
