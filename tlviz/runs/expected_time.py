"""About how long a run will take at each freeze depth, from what was measured on this machine, and how surely."""

from __future__ import annotations

import math
import socket
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tlviz.diagnose.records import Profile
from tlviz.errors import TlvizError
from tlviz.finetune.choices import Augment
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import plan_phases
from tlviz.models.spec import Stage
from tlviz.runs.overview import RunRow
from tlviz.runs.store.heartbeat import Status

BACKWARD = 2.0
"""A step back costs about this many passes forward."""
START_S = 2.0
"""A run needs about this long before it computes; no more than half of what it took."""
MOST_RUNS = 12
NEAREST = 3
_SIDE = 224
_SAME, _ELSEWHERE, _MEASURED = 0.15, 0.35, 0.6
"""How far an estimate may be off at least, as a share: from runs on this target, on others, from a profile's passes."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What a finished run took: ``work`` in forward passes of one picture of 224 pixels, and seconds."""

    work: float
    seconds: float
    is_same_target: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds that a run may take, from ``low`` to ``high``, and what that rests on."""

    seconds: float
    low: float
    high: float
    basis: str

    @property
    def words(self) -> str:
        """Say it as a person would: about 40 s (30 to 50 s, from 2 earlier runs here)."""
        low, high = in_words(self.low), in_words(self.high)
        between = f"{low.removesuffix(' s')} to {high}" if low.endswith(" s") and high.endswith(" s") else ""
        return f"about {in_words(self.seconds)} ({between or f'{low} to {high}'}, {self.basis})"


def work_of(config: FinetuneConfig, stages: Sequence[Stage], train: int, validation: int) -> float:
    """Return a run's work in forward passes of one picture of 224 pixels through the whole network.

    What frozen stages make of a picture is computed once where it comes again in the same view, else in every epoch;
    the rest goes forward and back.  Raises ``TlvizError`` for stages that the network does not have.
    """
    phases, work = plan_phases(config, stages), 0.0
    last = max(1, config.epochs)
    for at, phase in enumerate(phases):
        end = phases[at + 1].first_epoch - 1 if at + 1 < len(phases) else last
        epochs = max(0, end - phase.first_epoch + 1)
        frozen = sum(stage.cost_share for stage in stages[: phase.depth])
        views = 1 if config.augment is Augment.NONE else config.views
        passes = min(views, epochs)
        is_kept = passes < epochs
        prefix = passes * train + validation if is_kept else epochs * (train + validation)
        work += frozen * prefix + (1 - frozen) * epochs * ((1 + BACKWARD) * train + validation)
    return (work + validation) * (config.image_size / _SIDE) ** 2


def timed_run(row: RunRow, stages: Sequence[Stage], data: str) -> Timed | None:
    """Return what a run took, None where it did not end by itself, on this machine, or not on these stages."""
    if row.status is not Status.FINISHED or not row.duration_s or not row.epochs_run:
        return None
    beat = row.folder.heartbeat()
    if beat is None or beat.host != socket.gethostname():
        return None
    begun = next((event for event in row.folder.events() if event.get("event") == "started"), {})
    train, validation = begun.get("train_images"), begun.get("validation_images")
    if not isinstance(train, int) or not isinstance(validation, int):
        return None
    try:
        config = FinetuneConfig.from_json(row.folder.config()["settings"] | {"epochs": row.epochs_run})
        work = work_of(config, stages, train, validation)
    except TlvizError:
        return None  # of another version of the network
    return Timed(work, row.duration_s, row.data == data) if work > 0 else None


def rows_to_time(rows: Iterable[RunRow], model: str) -> list[RunRow]:
    """Return the newest finished runs of a network: enough to go by."""
    return [row for row in rows if row.model == model and row.status is Status.FINISHED][:MOST_RUNS]


def forecast(work: float, runs: Sequence[Timed], profile: Profile | None = None) -> Forecast | None:
    """Return about how long some work takes, by earlier runs, else by the passes of a profile; None where nothing is.

    The runs whose work is most alike count; how far their speeds differ, or a usual share, is what it may be off.
    """
    same = [run for run in runs if run.is_same_target]
    known = same or list(runs)
    if known:
        near = sorted(known, key=lambda run: abs(math.log(run.work / work)))[:NEAREST]
        paces = [math.log((run.seconds - _start(run)) / run.work) for run in near]
        spread = statistics.stdev(paces) if len(paces) > 1 else 0.0
        # The further the work is from what was measured, the less the share of its parts is alike.
        away = 0.15 * abs(math.log(near[0].work / work))
        off = math.hypot(_SAME if same else _ELSEWHERE, spread, away)
        count = f"{len(near)} earlier run{'s' if len(near) > 1 else ''}"
        return _forecast(
            min(_start(run) for run in near) + math.exp(statistics.fmean(paces)) * work,
            off,
            f"from {count} here" if same else f"from {count} on other targets here",
        )
    if profile is None or profile.forward_s <= 0 or not profile.images:
        return None
    passes = 4 * profile.images * (profile.image_size / _SIDE) ** 2  # the network itself and three random copies
    return _forecast(START_S + profile.forward_s / passes * work, _MEASURED, "from the passes that measuring took")


def forecasts(
    configs: Sequence[FinetuneConfig | None],
    stages: Sequence[Stage],
    images: int,
    runs: Sequence[Timed],
    profile: Profile | None,
) -> list[Forecast | None]:
    """Return the forecast of a run at each depth, one config a depth; None where there is none to go by."""
    found: list[Forecast | None] = []
    for config in configs:
        if config is None:
            found.append(None)
            continue
        train = round(images * (0.8 if not config.test_share else 0.8 * (1 - config.test_share)))
        found.append(forecast(work_of(config, stages, train, max(1, images - train)), runs, profile))
    return found


def in_words(seconds: float) -> str:
    """Write a time to what it means: 4 s, 40 s, 3 min, 2 h."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _start(run: Timed) -> float:
    return min(START_S, run.seconds / 2)


def _forecast(seconds: float, off: float, basis: str) -> Forecast:
    factor = math.exp(off)
    return Forecast(seconds, seconds / factor, seconds * factor, basis)
