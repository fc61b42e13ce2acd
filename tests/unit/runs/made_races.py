"""Races made by hand: folders with the events that a worker would have written."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from tlviz.finetune.config import configure
from tlviz.measures.paired import pack_hits
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import FINETUNE, RACE


def write_race(
    results: dict[tuple[str, int], list[np.ndarray[Any, Any]]], *, is_over: bool = True, **more: object
) -> RunFolder:
    """Write a finished race; ``results`` holds for each strategy and seed the hits of each epoch (n,)."""
    settings = [
        configure("squeezenet1_1", "clipart", name, seed=seed, epochs=9).to_json()
        for (name, seed), hits in results.items()
    ]
    told = {"model": "squeezenet1_1", "data": "clipart", "sweep": "strategy", "halving": False, "members": settings}
    race = create_run(RACE, "race", told)
    events: list[dict[str, Any]] = [{"event": "started", "runs": len(results)}]
    for number, ((name, _), hits) in enumerate(results.items()):
        run = write_member(name, settings[number], hits, **more)
        events.append({"event": "member", "number": number, "run": run.name})
    if is_over:
        events.append({"event": "finished", "status": "finished", "duration_s": 60.0})
    write_events(race, events)
    return race


def write_member(name: str, settings: dict[str, Any], hits: list[np.ndarray[Any, Any]], **more: object) -> RunFolder:
    run = create_run(FINETUNE, name, settings)
    counts = {"train_images": 100, "validation_images": len(hits[0]), "trainable_parameters": 1000 + len(name)}
    events: list[dict[str, Any]] = [{"event": "started", **counts}]
    for epoch, right in enumerate(hits):
        accuracy = float(right.mean())
        numbers = {"val_loss": 2 - accuracy, "val_accuracy": accuracy, "duration_s": 1.5 * (epoch > 0)}
        more_numbers = {"images_per_s": 60.0, "train_loss": 1.0, "train_accuracy": 0.5, "val_hits": pack_hits(right)}
        if epoch == 2:
            events.append({"event": "unfrozen", "epoch": 2, "trainable_parameters": 5000})
        events.append({"event": "epoch", "epoch": epoch, **numbers, **more_numbers})
    events.append({"event": "gauged", "moment": "best", "epoch": 1, "source_agreement": 0.75})
    ended = {"status": "finished", "duration_s": 10.0, "shared_s": 2.0, "peak_memory_mb": 300.0}
    events.append({"event": "finished", **ended, **more})
    write_events(run, events)
    return run


def write_events(run: RunFolder, events: list[dict[str, Any]]) -> None:
    lines = (json.dumps({"time": time.time()} | event) for event in events)
    (run.path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def hits(right: int, of: int, shift: int = 0) -> np.ndarray[Any, Any]:
    """Return so many hits in a row, beginning at ``shift``."""
    return np.roll(np.arange(of) < right, shift)
