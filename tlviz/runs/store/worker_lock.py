"""The lock of a run: only one worker ever executes it, however often it is started."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tlviz.home import storage_errors

CLAIM = ".claim"
PARENT = "parent"
PATIENCE_S = 20.0
"""A worker that has recorded its end may take this long to exit."""
_POLL_S = 0.05
_LOOK_S = 0.25


@contextmanager
def claimed(
    folder: Path, patience_s: float = PATIENCE_S, *, is_given_up: Callable[[], bool] = lambda: False
) -> Iterator[bool]:
    """Hold the claim on a run folder for the length of a block; yield whether it was free within that time.

    Where it is held, ``is_given_up`` is asked now and then whether there is nothing left to wait for.  The system takes
    the claim of a killed process back.  Raises ``StorageError`` where it cannot be written.
    """
    lock = FileLock(folder / CLAIM)
    try:
        with storage_errors(folder):
            is_free = _acquire(lock, patience_s, is_given_up)
        yield is_free
    finally:
        lock.release()


@contextmanager
def inherited(folder: Path, claim: str) -> Iterator[bool]:
    """Hold a claim that the process before this one took, as ``tlviz/waiter.py`` says it; yield whether it is one.

    ``claim`` is the descriptor that holds it, or ``parent`` where the parent process keeps it.
    """
    if claim == PARENT:
        yield True
        return
    descriptor = int(claim)
    try:
        os.set_inheritable(descriptor, False)
        yield os.path.samestat(os.fstat(descriptor), (folder / CLAIM).stat())
    finally:
        os.close(descriptor)


def _acquire(lock: FileLock, patience_s: float, is_given_up: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + patience_s
    while True:
        left = deadline - time.monotonic()
        try:
            lock.acquire(timeout=max(0.0, min(left, _LOOK_S)), poll_interval=_POLL_S)
        except Timeout:
            if left <= 0 or is_given_up():
                return False
        else:
            return True
