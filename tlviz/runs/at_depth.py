"""What is known of freezing a network at each depth: probes of its stages, and earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tlviz.errors import TlvizError
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import find_strategy
from tlviz.models.spec import Stage
from tlviz.runs.expected_time import Forecast
from tlviz.runs.overview import RunRow
from tlviz.runs.titles import strategy_title

MOST_RUNS = 60
MOST_NAMED = 3
_SPAN = 0.1
_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class DepthRun:
    """An earlier run that had ``depth`` stages frozen at its end, from the stem on; ``accuracy`` is its best."""

    depth: int
    title: str
    accuracy: float
    seconds: float | None


def runs_at_depths(rows: Iterable[RunRow], model: str, data: str, stages: Sequence[Stage]) -> list[DepthRun]:
    """Return the newest runs of a network on a target by the depth that they ended with, the best first.

    Runs from random weights, and those whose frozen stages are not the first ones, have no place among the depths.
    """
    wanted = [row for row in rows if (row.model, row.data) == (model, data) and row.best_val_accuracy is not None]
    found = [one for row in wanted[:MOST_RUNS] if (one := _at_depth(row, stages)) is not None]
    return sorted(found, key=lambda run: -run.accuracy)


def _at_depth(row: RunRow, stages: Sequence[Stage]) -> DepthRun | None:
    try:
        config = FinetuneConfig.from_json(row.folder.config()["settings"])
        if not find_strategy(config.strategy).pretrained:
            return None
        last = plan_phases(config, stages)[-1]
    except TlvizError:
        return None  # of an earlier network, or damaged
    if len(last.frozen) != last.depth:
        return None
    title = row.notes.name or strategy_title(row.strategy) + (f", seed {row.seed}" if row.seed else "")
    return DepthRun(last.depth, title, float(row.best_val_accuracy or 0.0), row.duration_s)


def probes_at_depths(probes: Mapping[str, float], stages: Sequence[Stage]) -> list[float | None]:
    """Return for each depth what a linear probe reaches on its last frozen stage; None where nothing is measured.

    ``probes`` are accuracies by backbone stage.  Depth 0 freezes nothing, so there is nothing fixed to probe.
    """
    return [None, *(probes.get(stage.name) for stage in stages[:-1])]


def depth_notes(
    stages: Sequence[Stage],
    tune: Tune,
    probes: Sequence[float | None],
    runs: Sequence[DepthRun],
    times: Sequence[Forecast | None] = (),
) -> list[str]:
    """Say for every depth what it trains, how long, what a probe reaches there, and what earlier runs reached."""
    notes = []
    for depth in range(len(stages)):
        time = times[depth] if times else None
        took = f"a run takes {time.words}" if time else ""
        parts = (_trained(stages, depth, tune), took, _probe(stages, depth, probes), _earlier(depth, runs))
        notes.append(" · ".join(filter(None, parts)))
    return notes


def accuracy_range(values: Iterable[float]) -> tuple[float, float]:
    """Return the lowest and highest accuracy to draw, a tenth apart or more, with a margin, within 0 to 1."""
    known = list(values)
    low, high = min(known) - _MARGIN, max(known) + _MARGIN
    spare = max(0.0, _SPAN - (high - low)) / 2
    low, high = low - spare, high + spare
    shift = min(0.0, 1 - high)
    return max(0.0, low + shift), min(1.0, high)


def _trained(stages: Sequence[Stage], depth: int, tune: Tune) -> str:
    if tune is not Tune.ALL and depth < len(stages) - 1:
        return ""  # a share of them that only the built network tells
    return f"{sum(stage.parameters for stage in stages[depth:]):,} parameters trained"


def _probe(stages: Sequence[Stage], depth: int, probes: Sequence[float | None]) -> str:
    probe = probes[depth]
    return "" if probe is None else f"a linear probe on {stages[depth - 1].name} measured {probe:.1%}"


def _earlier(depth: int, runs: Sequence[DepthRun]) -> str:
    here = [run for run in runs if run.depth == depth]
    if not here:
        return ""
    named = ", ".join(run_words(run) for run in here[:MOST_NAMED])
    more = f" and {len(here) - MOST_NAMED} more" if len(here) > MOST_NAMED else ""
    return f"earlier: {named}{more}"


def run_words(run: DepthRun) -> str:
    """Name a run with what it reached, and how long it took."""
    took = "" if run.seconds is None else f" in {run.seconds:.0f} s"
    return f"{run.title} {run.accuracy:.1%}{took}"
