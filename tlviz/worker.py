"""The process that executes one job and writes its run folder: ``python -m tlviz.worker RUN_FOLDER``.

It says that it lives before it imports torch, waits for its device behind runs that were started earlier, and
leaves whatever it wrote readable wherever it is ended.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tlviz.errors import StorageError
from tlviz.home import home, make_folder
from tlviz.jobs.job import Job, StoppedEarly, carry_out
from tlviz.runs.store.device import lane
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import find_kind
from tlviz.runs.store.worker_lock import claimed

LOCK_POLL_S = 0.3


def main(folder: str) -> int:
    """Execute the job of a run folder; return the exit status: 0, 2 for a person's mistake, 1 for a defect.

    Where another worker holds the run, or has just ended it, there is nothing to do.
    """
    run = RunFolder(Path(folder))
    try:
        with claimed(run.path) as is_free:
            return _execute(run) if is_free and not run.has_ended() else 0
    except StorageError as error:  # the folder is gone or cannot be written: its log is the last resort
        sys.stderr.write(f"{error}\n")
        return 2


def _execute(run: RunFolder) -> int:
    job = Job(run)
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())

    def work() -> dict[str, Any]:
        job.start()
        config = run.config()
        with device_turn(job, str(config["settings"].get("device", "auto"))):
            job.tell(Status.RUNNING, "starting")
            begun = job.clock()
            module = import_module(find_kind(config["kind"]).module)  # not before: it may import torch
            results: dict[str, Any] = module.execute(job, config["settings"])
            return {"duration_s": job.clock() - begun} | results

    return carry_out(job, work)


@contextmanager
def device_turn(job: Job, device: str) -> Iterator[None]:
    """Wait until this run is the earliest waiting one and its device is free, and hold the device."""
    locks = make_folder(home() / "locks")
    lock = FileLock(locks / f"{socket.gethostname()}-{lane(device)}.lock")
    job.tell(Status.QUEUED, "waiting for the run before it")
    while True:
        if job.should_stop():
            raise StoppedEarly
        if not _waits_behind(job.run, device):
            try:
                lock.acquire(timeout=LOCK_POLL_S)
                break
            except Timeout:
                continue
        time.sleep(LOCK_POLL_S)
    try:
        yield
    finally:
        lock.release()


def _waits_behind(run: RunFolder, device: str) -> bool:
    """Return whether an earlier run waits for the same device of this machine."""
    created = (run.config()["created"], run.name)
    for other in list_runs():
        if (other.path / "events.jsonl").exists():
            continue
        config = other.config()
        is_earlier = (config["created"], other.name) < created
        same_lane = lane(str(config["settings"].get("device", "auto"))) == lane(device)
        beat = other.heartbeat()
        is_here = beat is None or beat.host == socket.gethostname()
        if is_earlier and same_lane and is_here and other.status() is Status.QUEUED:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
