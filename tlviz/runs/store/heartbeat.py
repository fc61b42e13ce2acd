"""What a run is, and its worker's sign of life."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

import psutil

from tlviz.small_files import check_types

LONGEST_S = 10 * 365 * 86_400
LONGEST_WORDS = 500


class Status(StrEnum):
    """What a run is, derived from its events, its heartbeat and its process."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will come."""
        return self not in (Status.QUEUED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker's sign of life: who it is, whether it waits or works, and how far it is (``fraction`` 0 to 1)."""

    host: str
    pid: int
    process_started: float
    time: float
    state: str
    doing: str = ""
    fraction: float = 0.0
    seconds_left: float | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self | None:
        """Rebuild a sign of life from its fields as JSON values, None where it is damaged."""
        try:
            beat = cls(**values)
            check_types(beat)
            Status(beat.state)
        except (TypeError, ValueError):
            return None
        left = beat.seconds_left
        left = left if left is not None and 0 <= left < LONGEST_S else None
        doing, fraction = beat.doing[:LONGEST_WORDS], min(max(beat.fraction, 0.0), 1.0)
        return replace(beat, doing=doing, fraction=fraction, seconds_left=left) if beat.pid > 0 else None

    @classmethod
    def of_this_process(cls) -> Heartbeat:
        """Describe the calling process, waiting."""
        process = psutil.Process()
        return cls(socket.gethostname(), process.pid, process.create_time(), time.time(), Status.QUEUED)


def time_left(elapsed_s: float, done: float, total: float) -> float | None:
    """Return the seconds that the rest of a work takes at the pace so far, None before any of it is done."""
    return elapsed_s * (total - done) / done if done else None


def is_alive(beat: Heartbeat) -> bool:
    """Return whether the process of a heartbeat of this machine still runs: same number and same start."""
    try:
        process = psutil.Process(beat.pid)
        is_same = abs(process.create_time() - beat.process_started) < 1.0
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, TypeError, ValueError, OverflowError):
        return False
