"""Workers that are forked from a process which has imported torch already: real processes, without 4 s of imports each.

``python -m tests.warm`` is that process.  It reads one request a line and forks; the child gets the environment, the
log and the session of its own that ``runs.launch`` asks for, waits for its turn as ``tlviz/waiter.py`` does, and goes
on as ``tlviz/worker.py`` where the waiter would start Python anew.  ``tests/unit/test_worker.py`` starts its workers
as a person does.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

import pytest

from tlviz.home import PROJECT_ROOT
from tlviz.runs.launch import WORKER_SETTINGS
from tlviz.vision import torchvision

LOADED = (
    *(f"tlviz.jobs.{name}" for name in ("answers", "doctor", "finetune", "ingest", "profile", "race", "visualise")),
    *("sympy", "tensorboardX", "torch.fx.experimental.symbolic_shapes", "torch._refs"),  # what a first run imports late
)


class WarmWorkers:
    """The process that forks, seen from the tests; it is started when the first worker is."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._started: set[int] = set()

    @contextmanager
    def instead_of_cold_ones(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Let ``runs.launch`` start its workers here for the length of a block, and leave none of them behind."""
        names = {"Popen": self._popen, "STDOUT": subprocess.STDOUT, "DEVNULL": subprocess.DEVNULL}
        if sys.platform == "linux":  # elsewhere a process that has imported torch had better not be forked
            patch.setattr("tlviz.runs.launch.subprocess", SimpleNamespace(**names))
        try:
            yield
        finally:
            self.end_all()

    def worker(self, run: Path, *, largest_file: int | None = None) -> Forked:
        """Start ``python -m tlviz.worker RUN``, to which the system may refuse files over so many bytes."""
        return self._fork("worker", [str(run)], os.environ, os.devnull, largest_file)

    def end_all(self) -> None:
        """Kill the workers that still live."""
        for pid in self._started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.ask({"wait": pid})
        self._started.clear()

    def close(self) -> None:
        """End the process that forks."""
        if self._server:
            self._server.kill()
            self._server.wait()

    def ask(self, request: Mapping[str, Any]) -> int:
        """Send a request and return the answer, a process or an exit status."""
        with self._lock:
            if self._server is None:
                self._server = subprocess.Popen(
                    [sys.executable, "-P", "-m", "tests.warm"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=WORKER_SETTINGS | os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
                )
            assert self._server.stdin
            assert self._server.stdout
            self._server.stdin.write(json.dumps(request).encode() + b"\n")
            self._server.stdin.flush()
            return int(self._server.stdout.readline())

    def _popen(self, command: Sequence[str], *, stdout: IO[bytes], env: Mapping[str, str], **_: object) -> Forked:
        return self._fork("waiter", command[-4:], env, stdout.name)

    def _fork(
        self,
        kind: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        log: str | os.PathLike[str],
        largest_file: int | None = None,
    ) -> Forked:
        request = {"kind": kind, "arguments": list(arguments), "env": dict(env), "log": os.fspath(log)}
        pid = self.ask(request | {"largest_file": largest_file})
        self._started.add(pid)
        return Forked(pid, lambda: self.ask({"wait": pid}))


class Forked:
    """A forked worker, as much of it as tests ask for."""

    def __init__(self, pid: int, wait: Callable[[], int]) -> None:
        self.pid = pid
        self.wait = wait


def _serve() -> None:
    """Fork as asked until nobody asks any more."""
    for name in LOADED:
        import_module(name)
    torchvision()
    ended: dict[int, int] = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "wait" in request:
            pid = request["wait"]
            if pid not in ended:
                ended[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            answer = ended[pid]
        else:
            answer = os.fork()
            if answer == 0:
                _be(request)
        os.write(1, b"%d\n" % answer)


def _be(request: Mapping[str, Any]) -> NoReturn:
    """Be a worker to its end, which takes a second where Python takes every module down first."""
    try:
        code = _child(request)
        atexit._run_exitfuncs()
        os._exit(code)
    finally:
        traceback.print_exc()
        os._exit(1)


def _child(request: Mapping[str, Any]) -> int:
    """Be a worker in a session of its own, and return its exit status."""
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(request["log"], os.O_WRONLY | os.O_APPEND)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    from tlviz import waiter, worker
    from tlviz.jobs.log import use_forgiving_logs

    use_forgiving_logs()
    if request["largest_file"]:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"],) * 2)
    if request["kind"] == "worker":
        return worker.main(*request["arguments"])

    def become_worker(run: str, claim: int, ticket: str, *, is_ended: bool) -> int:
        return worker.main(run, str(claim), ticket, is_terminated=is_ended)

    waiter.become_worker = become_worker
    return waiter.main(*request["arguments"])


if __name__ == "__main__":
    _serve()
