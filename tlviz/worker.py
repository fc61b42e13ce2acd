"""The process that executes one job and writes its run folder: ``python -m tlviz.worker RUN_FOLDER``.

It says that it lives before it imports torch, waits for its device behind runs that were started earlier, and
leaves whatever it wrote readable wherever it is ended.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from filelock import FileLock, Timeout

from tlviz.errors import TlvizError
from tlviz.home import home, make_folder
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.device import lane
from tlviz.runs.folder import (
    ANSWERS,
    DOCTOR,
    DOWNLOAD,
    FINETUNE,
    INGEST,
    PROFILE,
    RANGE_TEST,
    VISUALISE,
    RunFolder,
    Status,
    list_runs,
)

LOCK_POLL_S = 0.3

JOBS = {
    FINETUNE: "tlviz.jobs.finetune",
    DOWNLOAD: "tlviz.jobs.download",
    INGEST: "tlviz.jobs.ingest",
    DOCTOR: "tlviz.jobs.doctor",
    RANGE_TEST: "tlviz.jobs.range_test",
    PROFILE: "tlviz.jobs.profile",
    VISUALISE: "tlviz.jobs.visualise",
    ANSWERS: "tlviz.jobs.answers",
}
"""The module of each kind of job, imported only when its turn has come: each has ``execute(job, settings)``."""


def main(folder: str) -> int:
    """Execute the job of a run folder; return the exit status: 0, 2 for a person's mistake, 1 for a defect."""
    run = RunFolder(Path(folder))
    job = Job(run)
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())
    begun = time.time()
    try:
        job.start()
        settings = run.config()["settings"]
        with device_turn(job, str(settings.get("device", "auto"))):
            begun = time.time()
            job.tell(Status.RUNNING, "starting")
            results = import_module(JOBS[run.config()["kind"]]).execute(job, settings)
        job.finish(**({"duration_s": time.time() - begun} | results))
    except StoppedEarly:
        job.finish(Status.STOPPED, duration_s=time.time() - begun)
    except TlvizError as error:
        job.finish(Status.FAILED, error=str(error), is_mistake=True, duration_s=time.time() - begun)
        return 2
    except BaseException as error:  # noqa: BLE001 (whatever it was, the folder must say so before the process ends)
        traceback.print_exc()
        job.finish(Status.FAILED, error=f"{_in_words(error)} Its log has the details: {run.path / 'log.txt'}.")
        return 1
    return 0


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
    """Tell whether an earlier run waits for the same device of this machine."""
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


def _in_words(error: BaseException) -> str:
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "There was not enough memory; lower the batch size or the image size."
    return f"The worker met an unexpected {type(error).__name__}: {str(error)[:200]}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
