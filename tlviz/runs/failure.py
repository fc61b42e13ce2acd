"""Why a job or a run ended without what it was for, also where its worker could not say so."""

from __future__ import annotations

import time

from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import has_end
from tlviz.runs.store.scheduled import job_words, log_tail

KILLED = "Its worker was killed, the machine was restarted, or its disk could not be written."


def failure_of(job: RunFolder) -> str | None:
    """Say why a job failed: in its worker's words, or that it died or never began; None where it did not fail."""
    status, events = job.read()
    if error := events[-1].get("error") if events else None:
        return str(error)
    return silent_end(job, status) if not has_end(events) else None


def silent_end(run: RunFolder, status: Status) -> str | None:
    """Explain a run that is over without having said so; None for one that goes on."""
    if not status.is_over:
        return None
    if (damage := run.damage()) is not None:
        return f"The run cannot be read: {damage}."
    if (job := job_words(run.path)) is not None:
        tail = log_tail(run.path)
        return f"{job}; it ended without a word.{f' Its log ends: {tail}' if tail else ''}"
    if status is Status.LOST:
        return lost_words(run.heartbeat())
    if run.heartbeat() is None:
        return f"Its worker could not start; its log is {run.path / 'log.txt'}."
    return KILLED


def lost_words(beat: Heartbeat | None) -> str:
    """Say why nobody can tell whether a worker on another machine still lives."""
    ahead_s = beat.time - time.time() if beat else 0.0
    if ahead_s > 0:
        return (
            "Its worker is on another machine whose clock is ahead of this one's "
            f"({ahead_s / 60:,.0f} minutes), so nobody can tell whether it still works; set the clocks right."
        )
    return "Its worker is on another machine and has been silent for over a minute."
