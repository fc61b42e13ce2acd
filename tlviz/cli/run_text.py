"""A run as ``runs show`` lays it out: its epochs, what trained in each phase at which rate, and what is left."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tlviz.cli.layout import Column
from tlviz.cli.output import Facts, Readable, share, table
from tlviz.data.sources.reading import Reading
from tlviz.runs.source_left import kept_words, left_in_reading
from tlviz.runs.summary import RunSummary
from tlviz.runs.titles import moment

_PHASE = ("frozen", "groups", "trainable_parameters", "frozen_parameters", "note")
_GAUGE = ("moment", "epoch", "source_agreement", "source_pictures", "similarity", "duration_s")
_LEFT_OUT = ("event", "time", "val_hits")
_FIRST = ("epoch", "train_loss", "val_loss", "val_accuracy", "duration_s")
_PHASES = (
    Column("from_epoch", "from epoch", is_right=True),
    Column("trains", is_long=True, enough=40),
    Column("parameters", is_right=True, rank=1),
    Column("frozen", is_long=True, enough=24, rank=2),
)
_READINGS = (
    Column("moment", "when"),
    Column("epoch", is_right=True, rank=1),
    Column("agreement", "same answers as the source", is_right=True),
    Column("pictures", "of pictures", rank=1, is_right=True),
    Column("most_changed_stage", "most changed stage", is_long=True, rank=2),
    Column("its_similarity", "its similarity", is_right=True, rank=3),
)


def phases_of(summary: RunSummary) -> list[dict[str, Any]]:
    """Return a run's phases: the epoch each begins with, its frozen stages, and the groups of the optimizer."""
    return [
        {"from_epoch": event.get("epoch", 1)} | {name: event.get(name) for name in _PHASE} for event in summary.phases
    ]


def gauges_of(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the readings of what was left of the source, at the start, the end and the best epoch."""
    lefts = [left_in_reading(event) for event in summary.gauges]
    return [
        {name: event.get(name) for name in _GAUGE} | {"source_agreement_se": left.error if left else None}
        for event, left in zip(summary.gauges, lefts, strict=True)
    ]


def run_in_words(summary: RunSummary) -> list[Readable]:
    """Lay out what a run is, and its epochs, phases and readings where there are any."""
    parts: list[Readable] = [_facts(summary)]
    if summary.epochs:
        parts += ["", "Epochs", table([_epoch(epoch) for epoch in summary.epochs], _epoch_columns(summary))]
    phases = phases_of(summary)
    if phases:
        notes = [f"From epoch {phase['from_epoch']}: {phase['note']}" for phase in phases if phase["note"]]
        parts += ["", "What trains at which rate", table([_phase(phase) for phase in phases], _PHASES), *notes]
    if summary.gauges:
        readings = [_reading(gauge) for gauge in gauges_of(summary)]
        parts += ["", "What is left of the source network", table(readings, _READINGS)]
    return parts


def _facts(summary: RunSummary) -> Facts:
    facts = {
        "run": summary.run,
        "status": summary.status,
        "error": summary.error,
        "model": summary.model,
        "data": summary.data,
        "reading": Reading.from_json(summary.start_event.get("reading") or {}).in_words(),
        "left out": summary.start_event.get("left_out_count") or None,
        "strategy": summary.strategy,
        "started": moment(summary.started),
        "best epoch": summary.best_epoch,
        "validation accuracy": share(summary.best_val_accuracy),
        "test accuracy": share(summary.test_accuracy),
        "folder": summary.folder,
    }
    return Facts({name: value for name, value in facts.items() if value not in (None, "")})


def _epoch(epoch: dict[str, Any]) -> dict[str, Any]:
    """Return what a line tells of an epoch: shares as percentages, losses and seconds rounded."""
    return {name: _rounded(name, value) for name, value in epoch.items()}


def _rounded(name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if "accuracy" in name:
        return share(value)
    return f"{value:.1f}" if name.endswith("_s") else f"{value:.4g}"


def _epoch_columns(summary: RunSummary) -> list[Column]:
    """Return a column for each number of the epochs, the familiar ones first."""
    found = dict.fromkeys(
        name
        for epoch in summary.epochs
        for name, value in epoch.items()
        if name not in _LEFT_OUT and not isinstance(value, dict | list)
    )
    names = [name for name in _FIRST if name in found] + [name for name in found if name not in _FIRST]
    heads = {"val_accuracy": "accuracy", "duration_s": "seconds", "images_per_s": "images/s"}
    return [Column(name, heads.get(name, ""), rank=at, is_right=True) for at, name in enumerate(names)]


def _phase(phase: dict[str, Any]) -> dict[str, Any]:
    """Return a phase in one row; stages that follow one another at the same rate are named together."""
    rates = {row["stage"]: row["lr"] for row in phase["groups"] or ()}
    alike = (list(stages) for _, stages in groupby(rates, key=rates.__getitem__))
    return {
        "from_epoch": phase["from_epoch"],
        "trains": "; ".join(f"{', '.join(stages)} at {rates[stages[0]]:.3g}" for stages in alike),
        "parameters": phase["trainable_parameters"],
        "frozen": ", ".join(phase["frozen"] or ()),
    }


def _reading(gauge: dict[str, Any]) -> dict[str, Any]:
    """Return a reading in one row: of its stages the one that is least like the pretrained one."""
    known = {stage: value for stage, value in (gauge["similarity"] or {}).items() if value is not None and value < 1}
    left = left_in_reading(gauge)
    least = min(known, key=known.__getitem__, default=None)
    return {
        "moment": gauge["moment"],
        "epoch": gauge["epoch"],
        "agreement": kept_words(left),
        "pictures": left.pictures or None if left else None,
        "most_changed_stage": least,
        "its_similarity": None if least is None else f"{known[least]:.3f}",
    }
