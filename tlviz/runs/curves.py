"""The curve of a run in numbers, small enough to keep for every run of a race."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tlviz.finetune.choices import Monitor
from tlviz.runs.chosen_epoch import without_choice
from tlviz.runs.source_left import SourceLeft, left_in_reading
from tlviz.runs.store.ballast import BALLAST
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.json_lines import is_finite

MOST_KNOWN = 1000
"""Curves kept in memory, some kilobytes each."""


@dataclass(frozen=True, slots=True)
class Point:
    """One epoch: seconds of training and images seen so far, losses and accuracies (None at epoch 0).

    Seconds are as if nothing were shared with other runs.
    """

    epoch: int
    seconds: float
    images: int
    val_accuracy: float
    val_loss: float
    train_accuracy: float | None
    train_loss: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """What the events of a run record: its epochs, which was best, the epochs at which more was unfrozen, and its cost.

    ``hits`` says in hexadecimal which of ``validation_images`` the best epoch named rightly; ``shared_s`` is what runs
    before it have saved it; ``agreement`` is the share of the source's answers that are left at the best epoch,
    ``source_left`` the same with its error.
    ``without_choice`` is the accuracy to expect on other images, the best epoch being chosen on these; None unknown.
    """

    points: tuple[Point, ...] = ()
    best: Point | None = None
    switches: tuple[int, ...] = ()
    hits: str = ""
    validation_images: int = 0
    trainable_parameters: int | None = None
    duration_s: float | None = None
    shared_s: float = 0.0
    memory_mb: float | None = None
    agreement: float | None = None
    error: str | None = None
    has_ended: bool = False
    without_choice: float | None = None
    source_left: SourceLeft | None = None


def make_curve(events: Sequence[dict[str, Any]], by_loss: bool) -> Curve:
    """Turn the events of a run into its curve."""
    told: dict[str, dict[str, Any]] = {"started": {}, "finished": {}}
    told |= {str(event["event"]): event for event in events if "event" in event}
    epochs = [event for event in events if event.get("event") == "epoch" and math.isfinite(event["val_loss"])]
    images = _count(told["started"].get("train_images"))
    points, seconds = [], 0.0
    for event in epochs:
        shared = event.get("shared_s")
        seconds += event["duration_s"] + (shared if is_finite(shared) else 0.0)
        measured = (event["val_accuracy"], event["val_loss"], event.get("train_accuracy"), event.get("train_loss"))
        points.append(Point(event["epoch"], seconds, images * event["epoch"], *measured))
    best = max(points, key=lambda p: (not by_loss and p.val_accuracy, -p.val_loss, -p.epoch), default=None)
    phases = [event for event in events if event.get("event") in {"started", "unfrozen"}]
    readings = [event for event in events if event.get("event") == "gauged" and event.get("moment") == "best"]
    ended = {name: value for name, value in told["finished"].items() if is_finite(value) or name == "error"}
    left = left_in_reading(readings[-1]) if readings else None
    return Curve(
        points=tuple(points),
        best=best,
        switches=tuple(event["epoch"] for event in phases if isinstance(event.get("epoch"), int)),
        hits=next((str(e.get("val_hits") or "") for e in epochs if best and e["epoch"] == best.epoch), ""),
        validation_images=_count(told["started"].get("validation_images")),
        trainable_parameters=max((_count(event.get("trainable_parameters")) for event in phases), default=None),
        duration_s=ended.get("duration_s"),
        shared_s=ended.get("shared_s") or 0.0,
        memory_mb=ended.get("peak_memory_mb"),
        agreement=left.share if left else None,
        error=str(ended["error"]) if ended.get("error") else None,
        has_ended=bool(events) and events[-1].get("event") == "finished",
        source_left=left,
        without_choice=None if by_loss else without_choice(epochs, _count(told["started"].get("validation_images"))),
    )


def _count(value: Any) -> int:
    """Return a number of things, 0 for what is none."""
    return value if isinstance(value, int) and value > 0 else 0


def _last_words_time(run: RunFolder) -> int:
    """Return when the file changed that takes a run's last words on a full disk, 0 where there is none."""
    try:
        return os.stat(run.path / BALLAST).st_mtime_ns  # noqa: PTH116 (once for each run and poll)
    except OSError:
        return 0


class CurveReader:
    """Reads runs again and again: only those whose events have grown are parsed again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], Curve, list[dict[str, Any]]]] = {}

    def read(self, run: RunFolder) -> tuple[Status, Curve]:
        """Return a run's status and curve as they are now."""
        curve, last = self._look(run)
        status = run.status_after(last)
        if (
            status is Status.FAILED and not curve.has_ended
        ):  # it may have recorded its end and exited between the two checks
            curve, last = self._look(run)
            status = run.status_after(last)
        return status, curve

    def _look(self, run: RunFolder) -> tuple[Curve, list[dict[str, Any]]]:
        """Return a run's curve, and its last event."""
        key = str(run.path)
        try:
            found = os.stat(run.path / "events.jsonl")  # noqa: PTH116 (once for each run and poll)
        except OSError:
            self._known.pop(key, None)
            return Curve(), []
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns + _last_words_time(run))
        known = self._known.get(key)
        if known is None or known[0] != stamp:
            events = run.events()
            by_loss = run.config()["settings"].get("monitor") == Monitor.LOSS
            known = stamp, make_curve(events, by_loss), events[-1:]
            if len(self._known) >= MOST_KNOWN:
                self._known.pop(next(iter(self._known)), None)
            self._known[key] = known
        return known[1], known[2]
