"""What runs on a node of a cluster: one worker for one run, saved and queued again before its time is over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

ATTEMPTS = 3
"""How often a worker that is killed without a word is started again within one job."""
POLL_S = 0.2


class ScheduledWorker:
    """Executes the run of a folder in a process of its own; ``submitit`` calls it on the node.

    ``notice_s`` are the seconds between the scheduler's notice and the end of the job.
    """

    def __init__(self, notice_s: int) -> None:
        self._notice_s = notice_s
        self._process: subprocess.Popen[bytes] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the process, which is of one node."""
        return {"_notice_s": self._notice_s, "_process": None}

    def __call__(self, folder: str) -> int:
        """Execute a run and return its worker's exit status.  Raises ``RuntimeError`` where it is killed repeatedly."""
        run = RunFolder(Path(folder))
        for _ in range(ATTEMPTS):
            if not take_up(run):
                return 0
            status = self._work(run)
            if status >= 0:
                return status
        raise RuntimeError(f"The worker of {run.name} was killed {ATTEMPTS} times; is its memory enough?")

    def _work(self, run: RunFolder) -> int:
        command = [sys.executable, "-P", "-m", "tlviz.worker", str(run.path), "--scheduled"]
        with (run.path / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (this program's own module)
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        while (status := self._process.poll()) is None:
            time.sleep(POLL_S)
        return status

    def checkpoint(self, folder: str) -> Any:
        """Let the worker end with what it has, and return what is to be called when the job starts again."""
        from submitit.helpers import DelayedSubmission

        if self._process is not None:
            _end(self._process.pid, max(1.0, 0.8 * self._notice_s))
        return DelayedSubmission(self, folder)


def take_up(run: RunFolder) -> bool:
    """Return whether there is something to do for a run; one that a scheduler's signal ended is opened again."""
    if not run.has_ended():
        return True
    if run.status() is Status.STOPPED and not run.stop_requested():
        run.request_resume()
        return True
    return False


def _end(pid: int, patience_s: float) -> None:
    """Ask a child to save and end, and kill it where it takes too long; its state is that of the last epoch then.

    The child may be waited for at the same time, further down in this very thread: it is only looked at here.
    """
    deadline = time.monotonic() + patience_s
    try:
        os.kill(pid, signal.SIGUSR2)
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(POLL_S)
    except (ProcessLookupError, ChildProcessError):
        return
