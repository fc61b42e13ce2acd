"""The job that makes the visualisation of a channel and keeps it on disk."""

from __future__ import annotations

from functools import partial
from typing import Any

from tlviz.explore.channels.feature_visualisation import Objective, VisualisationRequest, visualise_and_keep
from tlviz.export.bundle import load_bundle
from tlviz.jobs.job import Job
from tlviz.jobs.progress import telling
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.runs.store.folder import find_run
from tlviz.runs.store.heartbeat import Status


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Draw for the network ``model``, or for the finished ``run``, what ``wish`` asks for; return how it answered.

    Raises ``StoppedEarly`` where a stop is asked for, which leaves nothing behind, and ``TlvizError`` for a mistake.
    """
    job.tell(Status.RUNNING, "loading the network")
    request = VisualisationRequest(**settings["wish"] | {"objective": Objective(settings["wish"]["objective"])})
    found = visualise_and_keep(_network(settings), request, partial(telling(job, unit_name="steps"), "drawing"))
    return {
        "status": Status.FINISHED,
        "before": found.before,
        "after": found.after,
        "responds": found.responds,
    }


def _network(settings: dict[str, Any]) -> Network:
    if settings.get("run"):
        return load_bundle(find_run(settings["run"]).weights)
    return load_network(find_model(settings["model"]))
