"""What a run reached, read from its folder: the one source of the numbers on the pages and the command line."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tlviz.finetune.choices import Monitor
from tlviz.runs.failure import KILLED, silent_end
from tlviz.runs.store.folder import FORMAT, RunFolder
from tlviz.runs.store.heartbeat import Status


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The state and the results of one run; accuracies are fractions, None where not (yet) known or not its kind.

    Trainable parameters are those of the phase in which most train.  ``phases`` record what trains at
    which rate, from the start and from each unfreezing on; ``gauges`` are those that record what is left of the source.
    ``has_ended``: the worker recorded its end.
    """

    run: str
    kind: str
    folder: str
    status: Status
    model: str
    data: str
    strategy: str
    epochs_run: int
    best_epoch: int | None
    best_val_accuracy: float | None
    test_accuracy: float | None
    duration_s: float | None
    images_per_s: float | None
    trainable_parameters: int | None
    frozen_parameters: int | None
    peak_memory_mb: float | None
    device: str | None
    started: float
    error: str | None
    settings: dict[str, Any]
    epochs: list[dict[str, Any]]
    start_event: dict[str, Any]
    has_ended: bool = False
    phases: list[dict[str, Any]] = field(default_factory=list)
    gauges: list[dict[str, Any]] = field(default_factory=list)


def summarise(run: RunFolder) -> RunSummary:
    """Read a run folder once and return what it holds; works at any moment of the run's life."""
    config = run.config()
    status, events = run.read()
    epochs = [event for event in events if event.get("event") == "epoch"]
    begun = next((event for event in events if event.get("event") == "started"), {})
    ended = events[-1] if status.is_over and events and events[-1].get("event") == "finished" else {}
    by_loss = config["settings"].get("monitor") == Monitor.LOSS
    best = max(epochs, key=lambda e: (not by_loss and e["val_accuracy"], -e["val_loss"], -e["epoch"]), default=None)
    phases = [event for event in events if event.get("event") in {"started", "unfrozen"}]
    widest = max(phases, key=lambda event: _count(event.get("trainable_parameters")) or 0, default={})
    rates = [epoch["images_per_s"] for epoch in epochs if epoch["epoch"]]
    settings = config["settings"]
    return RunSummary(
        run=run.name,
        kind=config["kind"],
        folder=str(run.path),
        status=status,
        model=str(settings.get("model", "")),
        data=str(settings.get("data", "")),
        strategy=str(settings.get("strategy", "")),
        epochs_run=max((epoch["epoch"] for epoch in epochs), default=0),
        best_epoch=best["epoch"] if best else None,
        best_val_accuracy=best["val_accuracy"] if best else None,
        test_accuracy=_number(ended.get("test_accuracy"), run.tested()),
        duration_s=_number(ended.get("duration_s")),
        images_per_s=sum(rates) / len(rates) if rates else None,
        trainable_parameters=_count(widest.get("trainable_parameters")),
        frozen_parameters=_count(widest.get("frozen_parameters")),
        peak_memory_mb=_number(ended.get("peak_memory_mb")),
        device=_text(begun.get("device")),
        started=_number(config["created"]) or 0.0,
        error=_text(ended.get("error")) or _silent_end(run, status, has_ended=bool(ended)) or _other_format(config),
        settings=settings,
        epochs=epochs,
        start_event=begun,
        has_ended=bool(ended),
        phases=phases,
        gauges=[event for event in events if event.get("event") == "gauged"],
    )


def _number(value: Any, otherwise: float | None = None) -> float | None:
    """Return what can be calculated with."""
    return value if isinstance(value, int | float) and math.isfinite(value) else otherwise


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _other_format(config: dict[str, Any]) -> str | None:
    """Explain what it means that another version wrote a run."""
    if config["format"] in (FORMAT, 0):
        return None
    return (
        f"Another version of tlviz wrote this run (format {config['format']}, this one writes {FORMAT}); "
        "parts that this version does not know are left out."
    )


def _silent_end(run: RunFolder, status: Status, *, has_ended: bool) -> str | None:
    """Explain a run that is over without having said so, and say what is left of it."""
    why = None if has_ended else silent_end(run, status)
    if why != KILLED:
        return why
    return f"{why} {'The best weights so far are kept.' if run.weights.exists() else 'It had saved no weights yet.'}"
