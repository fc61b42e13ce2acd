"""The process that executes one job and writes its run folder: ``python -m tlviz.worker RUN_FOLDER``.

``tlviz/waiter.py`` starts it when its turn has come.  It says that it lives before it imports torch, holds its device,
and leaves whatever it wrote readable wherever it is ended.
"""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tlviz.errors import StorageError
from tlviz.home import forget
from tlviz.jobs.job import Job, StoppedEarly, carry_out
from tlviz.jobs.log import use_forgiving_logs
from tlviz.jobs.scheduled import WAITING_AGAIN, ScheduledJob, check_caches, check_node, end_race, is_cancelled
from tlviz.runs.store.device import lock_path
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import find_kind
from tlviz.runs.store.worker_lock import claimed, inherited

LOCK_POLL_S = 0.3


def main(
    folder: str,
    claim: str | None = None,
    ticket: str | None = None,
    *,
    is_terminated: bool = False,
    is_scheduled: bool = False,
) -> int:
    """Execute the job of a run folder; return the exit status: 0, 2 for a person's mistake, 1 for a defect.

    Where another worker holds the run, or has just ended it, there is nothing to do.  ``claim`` and ``ticket`` are what
    ``tlviz/waiter.py`` hands over; ``is_scheduled`` says that a cluster's scheduler has given this node to the run.
    """
    run = RunFolder(Path(folder))
    try:
        with inherited(run.path, claim) if claim else claimed(run.path) as is_free:
            if not is_free or run.has_ended():
                return 0
            if is_scheduled:
                return _execute_scheduled(run)
            return _execute(run, ticket, is_terminated)
    except (StorageError, OSError) as error:  # the folder is gone or cannot be written: its log is the last resort
        with suppress(OSError):
            sys.stderr.write(f"{error}\n")
        return 2
    finally:
        if ticket:
            forget(Path(ticket))


def _execute(run: RunFolder, ticket: str | None, is_terminated: bool) -> int:
    job = Job(run)
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())
    if is_terminated:
        job.terminate()

    def work() -> dict[str, Any]:
        job.start()
        config = run.config()
        with device_turn(job, str(config["settings"].get("device", "auto")), ticket):
            job.tell(Status.RUNNING, "starting")
            begun = job.clock()
            module = import_module(find_kind(config["kind"]).module)  # not before: it may import torch
            results: dict[str, Any] = module.execute(job, config["settings"])
            return {"duration_s": job.clock() - begun} | results

    return carry_out(job, work)


def _execute_scheduled(run: RunFolder) -> int:
    """Execute a job on the node that a scheduler gave it, which takes no turns with others there."""
    job = ScheduledJob(run)
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())
    signal.signal(signal.SIGUSR2, lambda *_: job.leave())

    def work() -> dict[str, Any] | None:
        job.start()
        config = run.config()
        try:
            if job.should_stop() or is_cancelled(run):
                raise StoppedEarly
            check_node(run)
            check_caches(run)
            job.tell(Status.RUNNING, "starting")
            begun = job.clock()
            results: dict[str, Any] = import_module(find_kind(config["kind"]).module).execute(job, config["settings"])
        except StoppedEarly:
            if not job.is_leaving:
                raise
            results = {"status": Status.STOPPED}
        if job.is_leaving and results.get("status") is Status.STOPPED:
            job.rest(WAITING_AGAIN)
            return None
        return {"duration_s": job.clock() - begun} | results

    status = carry_out(job, work)
    end_race(run)
    return status


@contextmanager
def device_turn(job: Job, device: str, ticket: str | None = None) -> Iterator[None]:
    """Wait until the device is free, and hold it; then the ticket of the queue is given back."""
    lock = FileLock(lock_path(device))
    job.tell(Status.QUEUED, "waiting for the run before it")
    while True:
        if job.should_stop():
            raise StoppedEarly
        try:
            lock.acquire(timeout=LOCK_POLL_S)
            break
        except Timeout:
            continue
    try:
        if ticket:
            forget(Path(ticket))
        yield
    finally:
        lock.release()


def _from_command_line() -> int:
    use_forgiving_logs()
    parser = ArgumentParser(prog="python -m tlviz.worker")
    parser.add_argument("run")
    parser.add_argument("--claim")
    parser.add_argument("--ticket")
    parser.add_argument("--terminated", action="store_true")
    parser.add_argument("--scheduled", action="store_true")
    given = parser.parse_args()
    return main(given.run, given.claim, given.ticket, is_terminated=given.terminated, is_scheduled=given.scheduled)


if __name__ == "__main__":
    sys.exit(_from_command_line())
