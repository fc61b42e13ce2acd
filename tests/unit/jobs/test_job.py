"""A job's last event finds room, and says in words what ended it."""

from __future__ import annotations

import os

import pytest

from tlviz.errors import StorageError
from tlviz.jobs.job import Job
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status


def test_memory_that_runs_out_on_a_cpu_is_called_so() -> None:
    from tlviz.jobs.job import _in_words

    error = RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried …")
    assert _in_words(error).startswith("There was not enough memory")
    assert _in_words(ValueError("x")).startswith("The worker met an unexpected ValueError")


def test_the_last_event_finds_room_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run("finetune", "ballast", {})
    job = Job(run)
    job.start()
    ballast = run.path / ".ballast"
    real = os.fsync

    def full_while_the_ballast_is_there(descriptor: int) -> None:
        if ballast.exists():
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("os.fsync", full_while_the_ballast_is_there)
    with pytest.raises(StorageError):
        job.append("epoch", {"epoch": 0})
    job.finish(Status.FAILED, error="the disk is full")
    assert [event["event"] for event in run.events()] == ["finished"], "the failed line was taken back"
