"""Why a job ended without what it was for, in one sentence, whoever asks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from tlviz.runs.failure import KILLED, failure_of
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat, Status


@pytest.fixture
def job() -> RunFolder:
    return create_run("profile", "a job", {"model": "squeezenet1_1"})


def beat(job: RunFolder, **changed: object) -> None:
    told = replace(Heartbeat.of_this_process(), state=Status.RUNNING, **changed)  # type: ignore[arg-type]
    (job.path / "heartbeat").write_text(json.dumps(asdict(told)))


def test_a_job_that_goes_on_has_not_failed(job: RunFolder) -> None:
    assert failure_of(job) is None
    beat(job)
    assert failure_of(job) is None


def test_a_dead_worker_is_named_where_it_could_not_say_anything(job: RunFolder) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    beat(job, pid=done.pid)
    assert failure_of(job) == KILLED


def test_its_own_words_come_first(job: RunFolder) -> None:
    beat(job)
    (job.path / "events.jsonl").write_text('{"event": "finished", "status": "failed", "error": "The disk is full."}\n')
    assert failure_of(job) == "The disk is full."


@pytest.mark.parametrize("status", ["finished", "stopped"])
def test_what_ended_as_wished_has_not_failed(job: RunFolder, status: str) -> None:
    beat(job)
    (job.path / "events.jsonl").write_text(json.dumps({"event": "finished", "status": status}) + "\n")
    assert failure_of(job) is None
