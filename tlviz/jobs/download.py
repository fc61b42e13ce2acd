"""The download job: a network's weights into its library's cache, reported in the run folder and stopped from there."""

from __future__ import annotations

import time
from typing import Any

from tlviz.jobs.job import Job, StoppedEarly
from tlviz.models.catalogue import find_model
from tlviz.models.download import DownloadStopped, download_weights
from tlviz.runs.store.heartbeat import Status, time_left


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Download the weights that the settings name and return what the last event adds.

    Raises ``StoppedEarly``, and ``TlvizError`` where the network, the file or the disk refuses.
    """
    spec = find_model(settings["model"])
    begun = time.monotonic()

    def progress(done: int, total: int) -> None:
        fraction = done / total if total else 0.0
        seconds_left = time_left(time.monotonic() - begun, fraction, 1.0)
        of = f" of {total / 1e6:,.1f}" if total else ""
        job.tell(Status.RUNNING, f"downloading {done / 1e6:,.1f}{of} MB", fraction, seconds_left)

    try:
        path = download_weights(spec, progress, job.should_stop)
    except DownloadStopped as stopped:
        raise StoppedEarly from stopped
    return {"status": Status.FINISHED, "path": str(path), "size_mb": path.stat().st_size / 1e6}
