"""Waiting for a worker, on the command line and in Python: look, sleep, and pass an interruption on as a stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tlviz.errors import TlvizError
from tlviz.runs.failure import failure_of
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status

POLL_S = 0.1


class RunFailedError(TlvizError):
    """A run or another job that ended without what it was started for; says why."""


def wait_for(run: RunFolder, look: Callable[[], None], stopping: Callable[[], None], poll_s: float = POLL_S) -> None:
    """Wait for a run's worker to end; ``look`` is called all the while, and once more when it is over.

    Ctrl-C, or the interruption of a notebook's cell, asks the run to stop, calls ``stopping`` and goes on waiting for
    it: what it has so far is kept.
    """
    while True:
        try:
            is_over = run.status().is_over
            look()
            if is_over:
                return
            time.sleep(poll_s)
        except KeyboardInterrupt:
            stopping()
            run.request_stop()


def last_event(run: RunFolder) -> dict[str, Any]:
    """Return the last thing that a run told, nothing where it told nothing."""
    return (run.events() or [{}])[-1]


def need_end(run: RunFolder, otherwise: str) -> dict[str, Any]:
    """Return the last event of a job that came to its end.

    Raises ``RunFailedError`` where it did not: with its own sentence, or with ``otherwise`` where it was stopped.
    """
    last = last_event(run)
    if last.get("status") != Status.FINISHED:
        raise RunFailedError(failure_of(run) or otherwise)
    return last
