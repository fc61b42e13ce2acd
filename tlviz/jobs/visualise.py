"""The job that makes the visualisation of a channel and keeps it on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tlviz.explore.channels.feature_visualisation import Objective, VisualisationRequest, draw_and_keep
from tlviz.export.bundle import load_bundle
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.runs.store.folder import find_run
from tlviz.runs.store.heartbeat import Status

LOOK_S = 0.2
"""How often progress is reported and a request to stop is checked."""


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Draw for the network ``model``, or for the finished ``run``, what ``wish`` asks for; return how it answered.

    Raises ``StoppedEarly`` where a stop is asked for, which leaves nothing behind, and ``TlvizError`` for a mistake.
    """
    job.tell(Status.RUNNING, "loading the network")
    wish = VisualisationRequest(**settings["wish"] | {"objective": Objective(settings["wish"]["objective"])})
    drawing = draw_and_keep(_network(settings), wish, _progress(job))
    return {
        "status": Status.FINISHED,
        "before": drawing.before,
        "after": drawing.after,
        "responds": drawing.responds,
    }


def _network(settings: dict[str, Any]) -> Network:
    if settings.get("run"):
        return load_bundle(find_run(settings["run"]).weights)
    return load_network(find_model(settings["model"]))


def _progress(job: Job) -> Callable[[int, int], None]:
    """Report the steps with the time left, and end the visualisation where a stop is asked for."""
    begun = time.monotonic()
    looked = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < LOOK_S:
            return
        looked = now
        if job.should_stop():
            raise StoppedEarly
        job.tell(Status.RUNNING, f"step {done:,} of {total:,}", done / total, (now - begun) * (total - done) / done)

    return progress
