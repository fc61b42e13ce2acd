"""Waiting on the command line for a job's worker, and saying why it ended without a result."""

from __future__ import annotations

import sys

from tlviz.api.waiting import last_event, wait_for
from tlviz.cli.output import tell
from tlviz.runs.failure import failure_of
from tlviz.runs.store.folder import RunFolder


def watch_job(run: RunFolder) -> None:
    """Wait for a job's worker to end, naming each part of its work once on standard error; Ctrl-C stops it."""
    shown = ""

    def look() -> None:
        nonlocal shown
        beat = run.present_beat()
        doing = "" if beat is None else beat.doing.partition(":")[0]
        if doing not in ("", shown):
            shown = doing
            tell(doing)

    wait_for(run, look, lambda: tell("stopping"))


def explain_end(run: RunFolder, otherwise: str) -> int:
    """Print in one line why a job that is over has no result, and return the exit status: 2 for a person's mistake."""
    print(f"tlviz: {failure_of(run) or otherwise}", file=sys.stderr)
    return 2 if last_event(run).get("is_mistake") else 1
