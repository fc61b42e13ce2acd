"""Measure's advice for the present source and target, and the button that takes it into the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlviz.diagnose.records import Confidence, Profile
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.strategies import STRATEGIES, default_freeze, find_strategy
from tlviz.models.spec import Stage
from tlviz.runs.advice.advised_runs import advised_runs
from tlviz.ui.finetune.form import PLANNED_STAGES, rate_text
from tlviz.ui.finetune.what_trains import set_beside_depth
from tlviz.ui.state import Key
from tlviz.ui.widgets.rows import words_and_buttons

BATCHNORM = "batchnorm"
SURE = {
    Confidence.NONE: "no reliable transfer signal, so race it",
    Confidence.LOW: "confidence low",
    Confidence.HIGH: "confidence high",
}


def render_advised(profile: Profile | None, stages: Sequence[Stage]) -> None:
    """Offer what Measure advises, say that the form is just that, or where it can be had."""
    if profile is None:
        words, link = words_and_buttons()
        words.caption("Which depth? Measure probes every stage on this target, advises one, and marks it on the strip.")
        link.page_link("pages/measure.py", label="Measure", icon=":material/analytics:")
        return
    settings = advised_runs(profile.advice)[0]
    sure = SURE[profile.advice.confidence]
    if is_taken(settings, stages):
        st.caption(f":material/check: The plan is as Measure advises for this source and target ({sure}).")
        return
    words, button = words_and_buttons()
    words.caption(f"Measure advises for this source and target: {advised_in_words(settings, stages)} ({sure}).")
    button.button(
        "Take the advice", icon=":material/lightbulb:", key="take_advice", type="tertiary",
        on_click=take_advised, args=(settings, stages),
    )  # fmt: skip


def advised_in_words(settings: Mapping[str, Any], stages: Sequence[Stage]) -> str:
    """Name strategy, depth and rates of an advised run."""
    depth = _depth(settings, stages)
    where = {0: "freeze nothing", len(stages) - 1: "freeze the whole backbone"}.get(
        depth, f"freeze up to {stages[depth - 1].name}"
    )
    rates = f"head rate {rate_text(settings['head_lr'])}"
    rates += f", backbone rate {rate_text(settings['backbone_lr'])}" if depth < len(stages) - 1 else ""
    return f"*{STRATEGIES[settings['strategy']].title}*, {where}, {rates}"


def take_advised(settings: Mapping[str, Any], stages: Sequence[Stage]) -> None:
    """Set strategy, frozen stages and rates of the form to those of an advised run; call it from a callback."""
    state = st.session_state
    state[PLANNED_STAGES] = [stage.name for stage in stages]
    state[Key.STRATEGY] = settings["strategy"]
    set_beside_depth(find_strategy(settings["strategy"]))
    for key, value in _controls(settings, stages).items():
        state[key] = value


def is_taken(settings: Mapping[str, Any], stages: Sequence[Stage]) -> bool:
    """Return whether the form holds an advised run's plan."""
    state = st.session_state
    held = {Key.FROZEN: [], BATCHNORM: SETTINGS[BATCHNORM].default, **state}  # two that are drawn later
    same = all(held.get(key) == value for key, value in _controls(settings, stages).items())
    return same and state.get(Key.STRATEGY) == settings["strategy"] and not state.get(Key.UNFREEZE)


def _controls(settings: Mapping[str, Any], stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        Key.FREEZE: _depth(settings, stages),
        Key.HEAD_LR: rate_text(settings["head_lr"]),
        Key.BACKBONE_LR: rate_text(settings["backbone_lr"]),
        Key.FROZEN: list(settings["frozen"] or ()),
        BATCHNORM: settings["batchnorm"],
    }


def _depth(settings: Mapping[str, Any], stages: Sequence[Stage]) -> int:
    freeze = settings["freeze"]
    return int(default_freeze(find_strategy(settings["strategy"]), stages) if freeze is None else freeze)
