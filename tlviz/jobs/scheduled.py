"""A run as a job of a cluster: when it leaves its node to be queued again, and how a race of such runs ends."""

from __future__ import annotations

import shlex
import socket
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tlviz.data.images import find_dataset
from tlviz.data.sources.public import PublicSpec, is_downloaded
from tlviz.errors import BadDatasetError, BadSettingError, BadWeightsError, UnknownNameError
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.strategies import find_strategy
from tlviz.jobs.job import Job
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import find_weights
from tlviz.program import command
from tlviz.runs.races.race import RACE_KEY, MemberState, Race, folder_of, read_queue, read_race
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import read_scheduled
from tlviz.runs.store.worker_lock import claimed

WAITING_AGAIN = "waiting for SLURM to start it again"


class ScheduledJob(Job):
    """The worker's side of a run that a scheduler started; a stop of its race is one of the run too."""

    def __init__(self, run: RunFolder) -> None:
        super().__init__(run)
        self._leaves = threading.Event()
        self._race = race_of(run)

    def leave(self) -> None:
        """Note that the scheduler takes the node away soon: what there is is saved, and the run is no end."""
        self._leaves.set()
        self.terminate()

    @property
    def is_leaving(self) -> bool:
        """Return whether the node is left and nobody asked for a stop."""
        return self._leaves.is_set() and not self._is_unwanted()

    def should_stop(self) -> bool:
        """Return whether a stop of the run or of its race is asked for, or the node is to be left."""
        return super().should_stop() or self._is_unwanted()

    def _is_unwanted(self) -> bool:
        return self.run.stop_requested() or (self._race is not None and self._race.stop_requested())


def race_of(run: RunFolder) -> RunFolder | None:
    """Return the race whose runs are jobs of their own that a run belongs to, None where it belongs to none."""
    name = run.config()["settings"].get(RACE_KEY)
    race = folder_of(run, name) if isinstance(name, str) and name else None
    return race if race is not None and read_scheduled(race.path) is not None else None


def check_node(run: RunFolder) -> None:
    """Raise ``BadSettingError`` where this node's torch is another than the one a run was submitted with."""
    job, here = read_scheduled(run.path), version("torch")
    if job is not None and job.torch != here:
        raise BadSettingError(
            f"This node has torch {here}, but the run was submitted with torch {job.torch}, and its numbers would "
            "differ: let the node use the same Python environment, or submit the run from this one."
        )


def check_caches(run: RunFolder) -> None:
    """Raise ``BadDatasetError`` or ``BadWeightsError`` where this node lacks a run's pictures or weights.

    The message has the command that fetches them: a node has no connection, and nothing is downloaded on it.
    """
    config = FinetuneConfig.from_json(run.config()["settings"])
    fetch = command(f"prefetch --model {shlex.quote(config.model)} --data {shlex.quote(config.data)}")
    advice = f"Fetch it into a folder that the nodes see, on a machine with a connection: {fetch}"
    spec = find_model(config.model)
    if find_strategy(config.strategy).pretrained and find_weights(spec) is None:
        raise BadWeightsError(f"The node {socket.gethostname()} finds no weights of {config.model}. {advice}")
    try:
        dataset = find_dataset(config.data)
    except UnknownNameError as error:
        raise BadDatasetError(f"The node {socket.gethostname()} finds no target {config.data}. {advice}") from error
    is_there = is_downloaded(dataset) if isinstance(dataset, PublicSpec) else not _is_absent(dataset)
    if not is_there:
        raise BadDatasetError(f"The node {socket.gethostname()} finds no target {config.data}. {advice}")


def _is_absent(dataset: object) -> bool:
    return isinstance(dataset, Path) and not dataset.exists()


def end_race(run: RunFolder) -> None:
    """Record the end of the race that a run belongs to, where every run of it has recorded its own."""
    folder = race_of(run)
    if folder is None:
        return
    with claimed(folder.path) as is_free:
        if not is_free or folder.has_ended():
            return
        race = read_race(folder)
        if all(_has_ended(folder, member.run) for member in race.members):
            Job(folder).finish(**_results(folder, race))


def _has_ended(race: RunFolder, name: str | None) -> bool:
    return name is None or not folder_of(race, name).is_run() or folder_of(race, name).has_ended()


def _results(folder: RunFolder, race: Race) -> dict[str, Any]:
    counts = {state: sum(member.state is state for member in race.members) for state in MemberState}
    begun = next((event["time"] for event in folder.events()), race.created)
    ends = [event for member in race.members if member.run for event in folder_of(folder, member.run).events()[-1:]]
    last = max((event["time"] for event in ends), default=begun)
    return {
        "status": Status.STOPPED if folder.stop_requested() else Status.FINISHED,
        "finished": counts[MemberState.FINISHED],
        "failed": counts[MemberState.FAILED],
        "dropped": 0,
        "duration_s": max(0.0, last - begun),
    }


def is_cancelled(run: RunFolder) -> bool:
    """Return whether a person took a run out of its race before it began."""
    race, settings = race_of(run), run.config()["settings"]
    return race is not None and settings.get("race_number") in read_queue(race).cancelled
