"""Real workers: they queue, stop, survive nothing and lose nothing.  Tiny folders of pictures keep them quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers import over, two_colours, wait
from tlviz.errors import StorageError
from tlviz.finetune.config import configure
from tlviz.runs.launch import end_worker, start_finetune
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise
from tlviz.worker import main

pytestmark = pytest.mark.cold_workers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with eight small pictures each."""
    return two_colours(tmp_path_factory.mktemp("target"))


def start(folder: Path, **chosen: object) -> RunFolder:
    values = {"epochs": 2, "image_size": 64, "freeze": 9} | chosen
    return start_finetune(configure("squeezenet1_1", str(folder), "last_stages", **values))


def has_epoch(run: RunFolder, number: int) -> bool:
    return summarise(run).epochs_run >= number and bool(summarise(run).epochs)


def test_a_second_run_waits_and_both_finish(folder: Path) -> None:
    first, second = start(folder), start(folder)
    wait(lambda: has_epoch(first, 0) or over(first))
    assert second.status() is Status.QUEUED
    wait(lambda: over(first) and over(second))
    one, two = summarise(first), summarise(second)
    assert (one.status, two.status) == (Status.FINISHED, Status.FINISHED), one.error or two.error
    assert [epoch["epoch"] for epoch in one.epochs] == [0, 1, 2]
    assert one.epochs[-1]["time"] < two.epochs[0]["time"], "they took turns"
    same = ("train_loss", "val_loss", "val_accuracy")
    assert [[e[k] for k in same] for e in one.epochs] == [[e[k] for k in same] for e in two.epochs]
    assert one.peak_memory_mb is not None
    assert one.frozen_parameters == 722_496
    assert one.start_event["groups"][0]["stage"] == "head"


def test_kill_stop_and_queue(folder: Path) -> None:
    """A killed worker is failed with its curve kept, the queue goes on, a stopped run keeps its best."""
    killed, queued, cancelled = start(folder, epochs=1000), start(folder, epochs=1000), start(folder)
    wait(lambda: has_epoch(killed, 3))
    beat = killed.heartbeat()
    assert beat is not None
    os.kill(beat.pid, signal.SIGKILL)
    killed_at = time.time()
    wait(lambda: killed.status() is Status.FAILED, 10)
    assert time.time() - killed_at < 10
    assert has_epoch(killed, 3)
    assert killed.weights.exists()
    assert "was killed" in str(summarise(killed).error)

    wait(lambda: has_epoch(queued, 2))
    cancelled.request_stop()
    wait(lambda: over(cancelled), 10)
    assert cancelled.status() is Status.STOPPED
    assert not cancelled.weights.exists()
    queued.request_stop()
    wait(lambda: over(queued), 10)
    summary = summarise(queued)
    assert summary.status is Status.STOPPED
    assert summary.best_epoch is not None
    assert queued.weights.exists()


def test_a_termination_signal_is_a_stop(folder: Path) -> None:
    run = start(folder, epochs=1000)
    wait(lambda: has_epoch(run, 1))
    end_worker(run)
    wait(lambda: over(run), 10)
    assert run.status() is Status.STOPPED


def test_a_mistake_in_the_settings_fails_with_one_sentence(folder: Path) -> None:
    settings = configure("squeezenet1_1", str(folder), "last_stages", freeze=9, image_size=64).to_json()
    run = create_run("finetune", "mistake", settings | {"freeze": 10})
    assert main(str(run.path)) == 2
    summary = summarise(run)
    assert summary.status is Status.FAILED
    assert summary.error == "freeze is 10; it must be between 0 (train everything) and 9 (train the head only)."


def test_a_write_that_fails_ends_the_run_and_keeps_what_was_there(folder: Path) -> None:
    """The system refuses files over a megabyte to this worker, as a full disk would: the weights find no room."""
    run = create_run(
        "finetune", "full-disk", configure("squeezenet1_1", str(folder), "head_only", image_size=64).to_json()
    )
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))\n"
        "from tlviz.worker import main; sys.exit(main(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run.path)], capture_output=True, text=True, check=False)
    summary = summarise(run)
    assert done.returncode == 2, done.stderr
    assert summary.status is Status.FAILED
    assert "Cannot write" in str(summary.error)
    assert "best.safetensors" in str(summary.error)
    assert not run.weights.exists(), "no half file"


def test_a_read_only_home_is_one_sentence_before_anything_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLVIZ_HOME", "/proc/tlviz")
    with pytest.raises(StorageError, match="Cannot write /proc/tlviz"):
        start(folder)
