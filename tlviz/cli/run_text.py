"""A run as ``runs show`` tells it: what trained at which rate from when on, and what is left of the source."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tlviz.cli.output import table
from tlviz.runs.summary import RunSummary

_PHASE = ("frozen", "groups", "trainable_parameters", "frozen_parameters", "note")
_GAUGE = ("moment", "epoch", "source_agreement", "similarity", "duration_s")
_UNTOLD = ("event", "time", "val_hits")


def phases_of(summary: RunSummary) -> list[dict[str, Any]]:
    """Return a run's phases: the epoch each begins with, its frozen stages, and the groups of the optimizer."""
    return [
        {"from_epoch": event.get("epoch", 1)} | {name: event.get(name) for name in _PHASE} for event in summary.phases
    ]


def gauges_of(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the readings of what was left of the source, at the start, the end and the best epoch."""
    return [{name: event.get(name) for name in _GAUGE} for event in summary.gauges]


def run_in_words(summary: RunSummary) -> RenderableType:
    """Lay out a run's epochs, phases and gauge readings; where no epoch is done, say where it stands."""
    epochs = [
        {name: value for name, value in epoch.items() if name not in _UNTOLD and not isinstance(value, dict)}
        for epoch in summary.epochs
    ]
    parts: list[RenderableType] = [table(epochs)] if epochs else [Text(f"{summary.status}: {summary.error or ''}")]
    if summary.phases:
        parts += [Text("What trains at which rate"), table([_phase(phase) for phase in phases_of(summary)])]
    if summary.gauges:
        parts += [Text("What is left of the source"), table([_reading(gauge) for gauge in gauges_of(summary)])]
    return Group(*parts)


def _phase(phase: dict[str, Any]) -> dict[str, Any]:
    """Return a phase in one row; stages that follow one another at the same rate are told together."""
    rates = {row["stage"]: row["lr"] for row in phase["groups"] or ()}
    alike = (list(stages) for _, stages in groupby(rates, key=rates.__getitem__))
    return {
        "from_epoch": phase["from_epoch"],
        "frozen": ", ".join(phase["frozen"] or ()),
        "trains": "; ".join(f"{', '.join(stages)} at {rates[stages[0]]:.3g}" for stages in alike),
        "parameters": phase["trainable_parameters"],
        "note": phase["note"],
    }


def _reading(gauge: dict[str, Any]) -> dict[str, Any]:
    """Return a reading in one row: of its stages the one that is least like the pretrained one."""
    told = {stage: value for stage, value in (gauge["similarity"] or {}).items() if value is not None and value < 1}
    least = min(told, key=told.__getitem__, default=None)
    row = {name: gauge[name] for name in ("moment", "epoch", "source_agreement")}
    return row | {"most_changed_stage": least, "its_similarity": told.get(least) if least else None}
