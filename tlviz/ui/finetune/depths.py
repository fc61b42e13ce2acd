"""What the strip says of each freeze depth: measured probes, what it trains, and what earlier runs reached there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.diagnose.records import Profile
from tlviz.errors import TlvizError
from tlviz.finetune.choices import Augment, Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.strategies import FIRST_STRATEGY, STRATEGIES
from tlviz.models.spec import Stage
from tlviz.runs.at_depth import accuracy_range, depth_notes, probes_at_depths, run_words, runs_at_depths
from tlviz.runs.expected_time import Forecast, Timed, forecasts, rows_to_time, timed_run
from tlviz.runs.overview import RunRow, overview
from tlviz.ui.cached.profiles import known_profile
from tlviz.ui.state import Key
from tlviz.ui.widgets.stage_strip import Lane, Mark


@dataclass(frozen=True, slots=True)
class Depths:
    """A note for every depth, and what is drawn above the strip."""

    notes: Sequence[str]
    lane: Lane | None


def measured(model: str, data: str) -> Profile | None:
    """Return the profile of a network on a target, None where there is none and where the target cannot be read."""
    try:
        return known_profile(model, data)
    except TlvizError:
        return None


def depths_of(model: str, data: str, images: int, stages: Sequence[Stage], profile: Profile | None) -> Depths:
    """Gather what is known of each depth of a network on a target of so many images."""
    probes = probes_at_depths({stage.name: stage.probe for stage in profile.stages} if profile else {}, stages)
    rows = overview()
    runs = runs_at_depths(rows, model, data, stages)
    times = _times(rows, model, data, images, stages, profile)
    known = [*(probe for probe in probes if probe is not None), *(run.accuracy for run in runs)]
    if not known:
        return Depths(depth_notes(stages, _tune(), probes, runs, times), None)
    lane = Lane(
        *accuracy_range(known),
        [
            Mark(depth, probe, f"linear probe on {stages[depth - 1].name}: {probe:.1%}")
            for depth, probe in enumerate(probes)
            if probe is not None
        ],
        [Mark(run.depth, run.accuracy, f"earlier run: {run_words(run)}") for run in runs],
    )
    return Depths(depth_notes(stages, _tune(), probes, runs, times), lane)


def _times(
    rows: Sequence[RunRow], model: str, data: str, images: int, stages: Sequence[Stage], profile: Profile | None
) -> list[Forecast | None]:
    """Return how long a run as the form has it may take at each depth; nothing is measured for it."""
    held = [_timed(row, tuple(stages), data) for row in rows_to_time(rows, model)]
    configs = [_config(model, data, depth) for depth in range(len(stages))]
    return forecasts(configs, stages, images, [one for one in held if one], profile)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={RunRow: lambda row: (row.run, row.duration_s)})
def _timed(row: RunRow, stages: tuple[Stage, ...], data: str) -> Timed | None:
    return timed_run(row, stages, data)


def _config(model: str, data: str, depth: int) -> FinetuneConfig | None:
    """Return the run that the form would start at a depth, as far as it decides the time; None while that is no run."""
    asked = {name: st.session_state.get(name) for name in ("epochs", "image_size", "augment", "views", "test_share")}
    values = {name: value for name, value in asked.items() if isinstance(value, int | float | Augment)}
    try:
        return configure(model, data, st.session_state.get(Key.STRATEGY, FIRST_STRATEGY), freeze=depth, **values)
    except TlvizError:
        return None


def _tune() -> Tune:
    """Return what of a stage the form would train."""
    held = st.session_state.get("tune")
    if held in list(Tune):
        return Tune(held)
    strategy = STRATEGIES.get(st.session_state.get(Key.STRATEGY, ""))
    return strategy.tune if strategy else Tune.ALL
