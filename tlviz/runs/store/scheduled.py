"""What a cluster's scheduler knows of a run: the job that it became, and where that stands.

``launcher.json`` in the run folder says which job a run is; it is written by whoever submitted it.  The scheduler is
asked once for all jobs, and at most every few seconds, however many runs are looked at.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tlviz.home import write_atomic
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode
from tlviz.small_files import MB, check_types, read_object

FILE = "launcher.json"
JOB_NAME = "tlviz"
ASK_AGAIN_S = 5.0
"""How long an answer of the scheduler holds."""
LISTED_AFTER_S = 30.0
"""A job that was submitted this long ago and is not listed is gone."""
TIMEOUT_S = 10.0
LOG_LINES = 5
_WAITS = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
_WORKS = {"RUNNING", "CONFIGURING", "COMPLETING", "STAGE_OUT", "SIGNALING", "SUSPENDED", "STOPPED", "RESIZING"}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The job that a run became: ``job`` is its number, with ``_3`` behind it in an array; a race has the array's.

    ``submitted`` is in seconds since 1970, ``torch`` the version it was submitted with, ``asked`` the resources.
    """

    launcher: str
    job: str
    submitted: float
    torch: str
    logs: str
    asked: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobState:
    """What the scheduler says of a job: its state in the scheduler's own word, and the reason, such as Resources."""

    state: str
    reason: str


def read_scheduled(folder: Path) -> Scheduled | None:
    """Return the job that a run became, None where it is none or that cannot be read."""
    values = read_object(folder / FILE, MB)
    try:
        job = Scheduled(**values or {})
        check_types(job)
    except (TypeError, ValueError):
        return None
    return job


def write_scheduled(folder: Path, job: Scheduled) -> None:
    """Note the job that a run became.  Raises ``StorageError``."""
    write_atomic(folder / FILE, encode(asdict(job)))
    _asked.clear()


_asked: dict[str, tuple[float, dict[str, JobState] | None]] = {}


def job_states() -> dict[str, JobState] | None:
    """Return every job of this program that the scheduler lists, by number; None where it cannot be asked."""
    when, states = _asked.get(JOB_NAME, (float("-inf"), None))
    if time.monotonic() - when >= ASK_AGAIN_S:
        states = _ask()
        _asked[JOB_NAME] = time.monotonic(), states
    return states


def _ask() -> dict[str, JobState] | None:
    tool = shutil.which("squeue")
    if tool is None:
        return None
    query = [tool, "--noheader", "--array", "--states=all", f"--name={JOB_NAME}", "--format=%i|%T|%r"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, check=True, timeout=TIMEOUT_S).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    rows = (line.strip().split("|", 2) for line in told.splitlines())
    return {row[0]: JobState(row[1], row[2]) for row in rows if len(row) == 3}


def states_of(job: Scheduled) -> list[JobState] | None:
    """Return what the scheduler says of a job, or of each of an array; None where it cannot be asked."""
    states = job_states()
    if states is None:
        return None
    if job.job in states:
        return [states[job.job]]
    return [state for name, state in states.items() if name.partition("_")[0] == job.job]


def scheduled_status(folder: Path, beat: Heartbeat | None) -> Status | None:
    """Return what a run is by what the scheduler says of its job; None where that decides nothing.

    The clock of the node plays no part: a job that the scheduler calls running runs.
    """
    job = read_scheduled(folder)
    if job is None:
        return None
    states = states_of(job)
    if states is None:
        return Status.QUEUED if beat is None else None
    if any(state.state in _WORKS for state in states):
        return Status.RUNNING
    if any(state.state in _WAITS for state in states):
        return Status.QUEUED
    if not states and abs(time.time() - job.submitted) < LISTED_AFTER_S:
        return Status.QUEUED
    return Status.FAILED


def job_words(folder: Path) -> str | None:
    """Say which job a run is, and what the scheduler says of it; None where it is no job."""
    job = read_scheduled(folder)
    if job is None:
        return None
    states = states_of(job)
    if states is None:
        return f"SLURM job {job.job}; squeue does not answer on this machine"
    if not states:
        return f"SLURM job {job.job}, which SLURM no longer lists"
    counted: dict[str, int] = {}
    for state in states:
        reason = f" ({state.reason})" if state.reason not in ("", "None") else ""
        words = f"{state.state.lower()}{reason}"
        counted[words] = counted.get(words, 0) + 1
    told = [words if len(states) == 1 else f"{count} {words}" for words, count in counted.items()]
    return f"SLURM job {job.job}: {', '.join(told)}"


def log_tail(folder: Path) -> str:
    """Return the last lines of a run's log, or else of what the scheduler kept of its job; empty where neither is."""
    job = read_scheduled(folder)
    places = [folder / "log.txt"]
    if job is not None:
        places += [Path(job.logs) / f"{job.job}_0_log.{end}" for end in ("err", "out")]
    for place in places:
        try:
            with place.open("rb") as file:
                file.seek(max(0, place.stat().st_size - 4096))
                lines = file.read().decode("utf-8", "replace").strip().splitlines()
        except OSError:
            continue
        if lines:
            return "\n".join(lines[-LOG_LINES:])
    return ""
