"""A run's last words find room where nothing else does, and go where they belong when there is room again."""

from __future__ import annotations

import errno
import os

import pytest

from tlviz.errors import StorageError
from tlviz.jobs.job import Job
from tlviz.runs.curves import CurveReader
from tlviz.runs.store.ballast import BALLAST, BALLAST_BYTES, last_words
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

EPOCH = {"epoch": 0, "val_loss": 1.0, "val_accuracy": 0.5, "duration_s": 1.0, "images_per_s": 1.0}


@pytest.fixture
def run() -> RunFolder:
    return create_run("finetune", "full", {"model": "m", "data": "d", "strategy": "full"})


def fill(monkeypatch: pytest.MonkeyPatch, *, in_place: bool) -> None:
    """Let no file grow any more, and where a file system needs room for that too, none be changed in place."""
    write = os.write

    def full(descriptor: int, content: bytes) -> int:
        if in_place and os.lseek(descriptor, 0, os.SEEK_CUR) < os.fstat(descriptor).st_size:
            return write(descriptor, content)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.write", full)


def test_the_end_is_told_without_new_room_and_moves_where_it_belongs(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, reader = Job(run), CurveReader()
    job.append("epoch", EPOCH)
    assert reader.read(run)[1].has_ended is False
    assert (run.path / BALLAST).stat().st_size == BALLAST_BYTES
    with monkeypatch.context() as patched:
        fill(patched, in_place=True)
        with pytest.raises(StorageError, match=r"^The disk is full\. Cannot write .*events\.jsonl"):
            job.append("epoch", EPOCH | {"epoch": 1})
        job.finish(Status.FAILED, error="The disk is full.", is_mistake=True)
    assert [event["event"] for event in run.events()] == ["epoch", "finished"]
    assert (run.status(), run.has_ended(), summarise(run).error) == (Status.FAILED, True, "The disk is full.")
    status, curve = reader.read(run)
    assert (status, curve.has_ended, curve.error) == (Status.FAILED, True, "The disk is full.")

    run.request_resume()
    assert run.status() is Status.QUEUED
    assert last_words(run.path) is None, "there is room for new ones"
    assert (run.path / BALLAST).stat().st_size == BALLAST_BYTES
    assert [event["event"] for event in run.events()] == ["epoch", "finished"]
    assert (run.path / "events.jsonl").read_bytes().count(b"\n") == 2
    with monkeypatch.context() as patched:
        fill(patched, in_place=True)
        Job(run).finish(Status.FAILED, error="It is full again.", is_mistake=True)
    assert (run.status(), summarise(run).error) == (Status.FAILED, "It is full again.")


def test_a_file_system_that_cannot_write_in_place_gives_the_room_back(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, ballast = os.write, run.path / BALLAST

    def full_while_the_ballast_is_there(descriptor: int, content: bytes) -> int:
        if ballast.exists():
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        return write(descriptor, content)

    monkeypatch.setattr("os.write", full_while_the_ballast_is_there)
    Job(run).finish(Status.STOPPED)
    assert run.status() is Status.STOPPED
    assert not ballast.exists()


def test_where_nothing_can_be_written_the_reason_is_said(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlviz.runs.store.ballast._WAITS_S", (0.0,))
    fill(monkeypatch, in_place=False)
    with pytest.raises(StorageError, match="The disk is full"):
        Job(run).finish(Status.FINISHED)
    assert run.events() == []


@pytest.mark.parametrize(
    "content", [b"", b"\0\n", b"{\n", b"[1]\n", b'{"event": "finished", "status": "x"}\n', b'{"a"']
)
def test_damaged_last_words_are_none(content: bytes, run: RunFolder) -> None:
    (run.path / BALLAST).write_bytes(content)
    assert last_words(run.path) is None
    assert run.status() is Status.QUEUED
