"""What the strip says of each freeze depth: measured probes, what it trains, and what earlier runs reached there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlviz.diagnose.records import Profile
from tlviz.errors import TlvizError
from tlviz.finetune.choices import Tune
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.spec import Stage
from tlviz.runs.at_depth import accuracy_range, depth_notes, probes_at_depths, run_words, runs_at_depths
from tlviz.runs.overview import overview
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


def depths_of(model: str, data: str, stages: Sequence[Stage], profile: Profile | None) -> Depths:
    """Gather what is known of each depth of a network on a target."""
    probes = probes_at_depths({stage.name: stage.probe for stage in profile.stages} if profile else {}, stages)
    runs = runs_at_depths(overview(), model, data, stages)
    known = [*(probe for probe in probes if probe is not None), *(run.accuracy for run in runs)]
    if not known:
        return Depths(depth_notes(stages, _tune(), probes, runs), None)
    lane = Lane(
        *accuracy_range(known),
        [
            Mark(depth, probe, f"linear probe on {stages[depth - 1].name}: {probe:.1%}")
            for depth, probe in enumerate(probes)
            if probe is not None
        ],
        [Mark(run.depth, run.accuracy, f"earlier run: {run_words(run)}") for run in runs],
    )
    return Depths(depth_notes(stages, _tune(), probes, runs), lane)


def _tune() -> Tune:
    """Return what of a stage the form would train."""
    held = st.session_state.get("tune")
    if held in list(Tune):
        return Tune(held)
    strategy = STRATEGIES.get(st.session_state.get(Key.STRATEGY, ""))
    return strategy.tune if strategy else Tune.ALL
