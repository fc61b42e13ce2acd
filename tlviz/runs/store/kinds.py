"""The kinds of jobs, a row each: launcher, worker, run folders and pages derive from it what they need.

A new kind is a row here and its module with ``execute(job, settings)`` in ``tlviz.jobs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum, auto
from pathlib import Path
from typing import Any

from tlviz.diagnose.request import Request
from tlviz.errors import UnknownNameError
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.store.device import FILES, NETWORK

FINETUNE = "finetune"
RACE = "race"
RANGE_TEST = "range_test"
PROFILE = "profile"
DOCTOR = "doctor"
INGEST = "ingest"
DOWNLOAD = "download"
VISUALISE = "visualise"
ANSWERS = "answers"
EXPORT = "export"


class Forget(Enum):
    """Which earlier jobs of its kind a new one removes, once they are over."""

    NONE = auto()
    SAME = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    ``name`` is what ``config.json`` says; ``module`` is imported by the worker when the job's turn has come.
    ``settings`` are the names of what it takes.  ``label`` names the folder and ``title`` the job, None is a run that
    bears its own name; in both, a setting stands in braces.  ``device`` is the queue of a job that does not take turns
    with training; without one the setting of that name decides.  ``is_joined`` says that a job with the same settings
    that is still going on serves instead of a new one.
    """

    name: str
    module: str
    title: str | None
    label: tuple[str, ...]
    settings: frozenset[str]
    device: str | None = None
    is_joined: bool = False
    forgets: Forget = Forget.NONE

    def folder_label(self, settings: Mapping[str, Any]) -> str:
        """Return the part of a run folder's name that says what the job is about, safe on every file system."""
        return "-".join(_clean(Path(part.format_map(settings)).name)[:40] for part in self.label)


def _clean(text: str) -> str:
    return "".join(character if character.isalnum() or character in "_." else "_" for character in text)


def _names(settings: type[FinetuneConfig] | type[Request]) -> frozenset[str]:
    return frozenset(field.name for field in fields(settings))


KINDS: dict[str, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind(
            name=FINETUNE,
            module="tlviz.jobs.finetune",
            title=None,
            label=("{model}", "{data}", "{strategy}"),
            settings=_names(FinetuneConfig),
        ),
        JobKind(
            name=RACE,
            module="tlviz.jobs.race",
            title="Race on {data}",
            label=(RACE, "{data}", "{sweep}"),
            settings=frozenset({"model", "data", "device", "sweep", "halving", "members", "best"}),
        ),
        JobKind(
            name=RANGE_TEST,
            module="tlviz.jobs.range_test",
            title="Rate test on {data}",
            label=(RANGE_TEST, "{data}"),
            settings=_names(FinetuneConfig),
            forgets=Forget.ALL,
        ),
        JobKind(
            name=PROFILE,
            module="tlviz.jobs.profile",
            title="Measuring {data}",
            label=(PROFILE, "{model}", "{data}"),
            settings=_names(Request),
            device=FILES,
            is_joined=True,
            forgets=Forget.ALL,
        ),
        JobKind(
            name=DOCTOR,
            module="tlviz.jobs.doctor",
            title="Check of {data}",
            label=(DOCTOR, "{data}"),
            settings=frozenset({"data", "features"}),
            device=FILES,
            is_joined=True,
            forgets=Forget.ALL,
        ),
        JobKind(
            name=INGEST,
            module="tlviz.jobs.ingest",
            title="Import of {data}",
            label=(INGEST, "{data}"),
            settings=frozenset({"data", "to", "geometry"}),
            device=FILES,
        ),
        JobKind(
            name=DOWNLOAD,
            module="tlviz.jobs.download",
            title="Download of {model}",
            label=(DOWNLOAD, "{model}"),
            settings=frozenset({"model"}),
            device=NETWORK,
            is_joined=True,
            forgets=Forget.ALL,
        ),
        JobKind(
            name=VISUALISE,
            module="tlviz.jobs.visualise",
            title="Feature visualisation for {model}",
            label=(VISUALISE, "{model}", "{wish[stage]}"),
            settings=frozenset({"model", "run", "wish"}),
            device=FILES,
            is_joined=True,
            forgets=Forget.ALL,
        ),
        JobKind(
            name=ANSWERS,
            module="tlviz.jobs.answers",
            title="Predictions for {part} images",
            label=(ANSWERS, "{part}"),
            settings=frozenset({"run", "part"}),
            device=FILES,
            is_joined=True,
            forgets=Forget.SAME,
        ),
        JobKind(
            name=EXPORT,
            module="tlviz.jobs.export",
            title="Export of {run}",
            label=(EXPORT, "{run}"),
            settings=frozenset({"run", "formats", "to", "weights", "zip", "check"}),
            device=FILES,
            is_joined=True,
        ),
    )
}
"""Every kind of job by its name."""


def find_kind(name: str) -> JobKind:
    """Return a kind of job by its name.  Raises ``UnknownNameError``, as for a run that a newer version made."""
    if name not in KINDS:
        raise UnknownNameError("kind of job", name, KINDS)
    return KINDS[name]
