"""Runs wait in their order, in little memory and without work, and whoever is ended lets the next one go on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from tlviz import waiter
from tlviz.runs.launch import start_worker
from tlviz.runs.store.device import FILES, lock_path, tickets_folder
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.worker_lock import claimed
from tlviz.runs.summary import summarise

pytestmark = pytest.mark.cold_workers
MB = 2**20


@pytest.fixture
def device(home: Path) -> Iterator[FileLock]:
    """Hold the device that the runs wait for."""
    with FileLock(lock_path(FILES)) as lock:
        yield lock


def waiting(count: int) -> list[RunFolder]:
    """Start runs that wait, one after another; their kind fails as soon as its turn has come."""
    runs = []
    for at in range(count):
        run = create_run("download", f"waits-{at}", {"device": FILES})
        start_worker(run)
        runs.append(run)
    until(lambda: all(run.heartbeat() for run in runs))
    return runs


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "waited too long"
        time.sleep(0.02)


def process(run: RunFolder) -> psutil.Process:
    beat = run.heartbeat()
    assert beat is not None
    return psutil.Process(beat.pid)


def test_a_run_waits_in_little_memory_and_without_work(device: FileLock) -> None:
    runs = waiting(4)
    processes = [process(run) for run in runs]
    assert [run.status() for run in runs] == [Status.QUEUED] * 4
    before = [one.cpu_times() for one in processes]
    time.sleep(3)
    spent = [sum(one.cpu_times()[:2]) - sum(old[:2]) for one, old in zip(processes, before, strict=True)]
    assert max(one.memory_info().rss for one in processes) < 15 * MB
    assert sum(spent) < 0.01 * 3 * len(runs), "less than a hundredth of a core each"
    assert [run.status() for run in runs] == [Status.QUEUED] * 4


def test_the_first_goes_first_whoever_is_killed_or_cancelled(device: FileLock) -> None:
    """Two are killed, the first of all among them, and one is cancelled: the others take their turns in their order."""
    runs = waiting(5)
    for run in (runs[0], runs[2]):
        process(run).kill()
    until(lambda: runs[0].status() is Status.FAILED and runs[2].status() is Status.FAILED)
    runs[3].request_stop()
    until(lambda: runs[3].status().is_over)
    assert runs[3].status() is Status.STOPPED
    device.release()
    until(lambda: runs[1].status().is_over and runs[4].status().is_over)
    ends = [run.events()[-1] for run in (runs[1], runs[4])]
    assert ["KeyError" in end["error"] for end in ends] == [True, True], "both were executed"
    assert ends[0]["time"] < ends[1]["time"]
    assert list(tickets_folder(FILES).iterdir()) == [], "nobody waits any more"


def test_a_termination_signal_while_waiting_is_a_stop(device: FileLock) -> None:
    (run,) = waiting(1)
    process(run).send_signal(signal.SIGTERM)
    until(lambda: run.status().is_over)
    assert run.status() is Status.STOPPED


def test_the_worker_keeps_the_claim_and_the_process(device: FileLock) -> None:
    (run,) = waiting(1)
    first = run.heartbeat()
    assert first is not None
    with claimed(run.path, 0) as is_free:
        assert not is_free, "nobody else may execute it"
    device.release()
    until(lambda: run.status().is_over)
    last = run.heartbeat()
    assert last is not None
    assert (last.pid, last.host) == (first.pid, first.host)
    assert abs(last.process_started - first.process_started) < 0.5


def test_a_second_process_on_a_run_goes_away(device: FileLock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = create_run("download", "twice", {"device": FILES})
    monkeypatch.setattr(waiter, "PATIENCE_S", 0.2)
    ticket = tmp_path / "ticket"
    ticket.touch()
    with claimed(run.path):
        assert waiter.main(str(run.path), str(lock_path(FILES)), str(ticket), "here") == 0
    assert not ticket.exists()
    assert run.heartbeat() is None


def test_a_run_that_is_deleted_while_it_waits_ends_quietly(device: FileLock) -> None:
    (run,) = waiting(1)
    one = process(run)
    for file in run.path.iterdir():
        file.unlink()
    run.path.rmdir()
    ticket = next(tickets_folder(FILES).iterdir())
    until(lambda: not psutil.pid_exists(one.pid) or one.status() == psutil.STATUS_ZOMBIE, 30)
    assert not ticket.exists()
    assert not run.path.exists()


def test_a_process_says_when_it_was_started_as_psutil_does() -> None:
    assert abs(waiter.process_started() - psutil.Process().create_time()) < 0.5


def test_the_heartbeat_is_the_one_that_readers_know(tmp_path: Path) -> None:
    run = create_run("download", "beats", {})
    now = time.time()
    waiter.beat(str(run.path), waiter.BEAT % (socket.gethostname(), os.getpid(), waiter.process_started(), now))
    beat = run.heartbeat()
    assert isinstance(beat, Heartbeat)
    assert (beat.host, beat.pid, beat.state, beat.time) == (socket.gethostname(), os.getpid(), Status.QUEUED, now)
    assert summarise(run).status is Status.QUEUED
    with pytest.raises(FileNotFoundError):
        waiter.beat(str(tmp_path / "missing"), "{}")


def test_a_ticket_is_live_while_its_claim_is_held_or_might_still_be_taken(tmp_path: Path) -> None:
    run, ticket = tmp_path / "run", tmp_path / "ticket"
    run.mkdir()
    ticket.write_text(str(run))
    assert waiter.is_live(str(ticket)), "it was only just given"
    os.utime(ticket, (0, 0))
    assert not waiter.is_live(str(ticket))
    claim = waiter.take_claim(str(run))
    assert claim is not None
    assert waiter.is_live(str(ticket))
    os.close(claim)
    assert not waiter.is_live(str(ticket))
    assert not waiter.is_live(str(tmp_path / "missing"))


def test_where_a_process_cannot_become_another_the_worker_is_its_child(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 2)
    assert waiter.become_worker("run", 7, "ticket", is_ended=True) == 2
    assert called == [
        [sys.executable, "-P", "-m", "tlviz.worker", "run", "--ticket", "ticket", "--terminated", "--claim", "parent"]
    ]


def test_a_ticket_of_a_killed_process_is_not_waited_for_by_the_same_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    tickets = tmp_path / "tickets"
    tickets.mkdir()
    for name in ("1", "2"):
        (tickets / name).write_text(str(run))
    claim = waiter.take_claim(str(run))
    assert claim is not None
    assert not waiter.waits_behind(str(tickets / "2"), str(run))
    assert not (tickets / "1").exists()
    assert waiter.waits_behind(str(tickets / "2"), "another run") is False, "there is none before it any more"
