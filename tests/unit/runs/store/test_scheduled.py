from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.pretended_slurm import pretend, show
from tlviz.home import write_atomic
from tlviz.runs.failure import failure_of
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.scheduled import FILE, Scheduled, job_words, log_tail, read_scheduled, write_scheduled


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return pretend(monkeypatch, tmp_path / "tools")


def submitted(job: str = "5_1", age_s: float = 3600.0) -> RunFolder:
    run = create_run("finetune", "run", {"model": "squeezenet1_1"})
    write_scheduled(run.path, Scheduled("slurm", job, time.time() - age_s, "2.0", str(run.path)))
    return run


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("5_1|PENDING|Resources", Status.QUEUED),
        ("5_1|REQUEUED|None", Status.QUEUED),
        ("5_1|RUNNING|None", Status.RUNNING),
        ("5_1|FAILED|NonZeroExitCode", Status.FAILED),
        ("5_2|RUNNING|None", Status.FAILED),
    ],
)
def test_the_scheduler_says_what_a_run_is(tools: Path, told: str, status: Status) -> None:
    run = submitted()
    show(tools, f"{told}\n")
    assert run.status() is status


def test_a_node_whose_clock_is_an_hour_behind_works(tools: Path) -> None:
    run = submitted()
    beat = Heartbeat("node17", 1, 1.0, time.time() - 3600, Status.RUNNING, "epoch 3")
    write_atomic(run.path / "heartbeat", encode(beat))
    show(tools, "5_1|RUNNING|None\n")
    assert run.status() is Status.RUNNING


def test_a_job_is_told_with_its_reason(tools: Path) -> None:
    run = submitted("5")
    show(tools, "5_0|RUNNING|None\n5_1|PENDING|Resources\n5_2|PENDING|Resources\n")
    assert job_words(run.path) == "SLURM job 5: 1 running, 2 pending (Resources)"
    show(tools, "")
    assert "no longer lists" in (job_words(run.path) or "")


def test_one_that_died_before_it_wrote_anything_shows_its_log(tools: Path) -> None:
    run = submitted()
    (run.path / "5_1_0_log.err").write_text("first\nModuleNotFoundError: No module named 'torch'\n")
    show(tools, "5_1|FAILED|NonZeroExitCode\n")
    assert log_tail(run.path).endswith("No module named 'torch'")
    assert "failed (NonZeroExitCode)" in failure_of(run)
    assert "No module named 'torch'" in failure_of(run)


def test_where_nobody_can_be_asked_it_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run = submitted()
    assert run.status() is Status.QUEUED
    assert "does not answer" in (job_words(run.path) or "")


def test_a_damaged_note_is_none() -> None:
    run = submitted()
    (run.path / FILE).write_text('{"job": 5}')
    assert read_scheduled(run.path) is None
    assert job_words(run.path) is None
