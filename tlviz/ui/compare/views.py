"""The simple views of compared runs: settings, curves, calibration, what moved, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from tlviz.figures.compare import Cost, NamedEpochs, plot_cost, plot_moved, plot_reliability, plot_run_curves
from tlviz.figures.theme import chart_config
from tlviz.finetune.settings import in_words
from tlviz.measures.calibration import calibration, softmax
from tlviz.runs.compare import differing_settings, feature_drift, pareto_front, weight_drift
from tlviz.runs.predictions import Answers
from tlviz.runs.races.race import NUMBER_KEY, RACE_KEY
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.compare.pick_runs import ComparedRun
from tlviz.ui.messages import plain
from tlviz.ui.state import key_of

CURVES = {"Accuracy": "val_accuracy", "Loss": "val_loss", "F1": "val_macro_f1", "Training loss": "train_loss"}
COSTS = {"Seconds": "duration_s", "Trainable parameters": "trainable_parameters"}
MOVED = {"Weights": "share of the starting weights", "Features": "1 - similarity to the pretrained features (CKA)"}


def render_settings(runs: Sequence[ComparedRun]) -> None:
    """Show the settings that differ, and only those."""
    if len(runs) < 2:
        st.info("Choose a second run above to see which settings differ.", icon=":material/touch_app:")
        return
    differing = differing_settings([_without_race(run.summary.settings) for run in runs])
    if not differing:
        st.info("All settings are the same: these runs are repetitions.", icon=":material/equal:")
        return
    table = {"Setting": [in_words(name) for name in differing]}
    table |= {run.name: [_word(values[at]) for values in differing.values()] for at, run in enumerate(runs)}
    st.dataframe(pd.DataFrame(table), hide_index=True, width="stretch")
    words = "One setting differs" if len(differing) == 1 else f"{len(differing)} settings differ"
    st.caption(f"{words}; all others are the same.")


def _without_race(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without the place that a run had in a race."""
    return {name: value for name, value in settings.items() if name not in (RACE_KEY, NUMBER_KEY)}


def render_curves(runs: Sequence[ComparedRun]) -> None:
    """Show one measure of every run over the epochs."""
    measure = st.segmented_control(
        "Measure", list(CURVES), default="Accuracy", required=True, key="compare_measure", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    curves = [NamedEpochs(run.name, run.summary.epochs, run.summary.best_epoch) for run in runs]
    figure = plot_run_curves(
        curves, CURVES[measure], measure if "Train" in measure else f"validation {measure.lower()}"
    )
    st.plotly_chart(figure, key=key_of("compare_curves", measure), config=chart_config())
    worst = max(run.standard_error for run in runs)
    st.caption(
        "The star is the best epoch, whose weights are kept. "
        f"One standard error of an accuracy here is up to {worst:.1%}: smaller differences are noise."
    )


def render_calibration(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    """Show whether each run is right as often as it is sure."""
    found = {run.name: calibration(softmax(held.logits), held.labels) for run, held in zip(runs, answers, strict=True)}
    chart, words = st.columns([2.2, 1], gap="large")
    with chart:
        st.plotly_chart(plot_reliability(found), key="compare_reliability", config=chart_config())
    with words:
        rows = [{"run": name, "calibration error": result.error} for name, result in found.items()]
        st.dataframe(
            pd.DataFrame(rows), hide_index=True,
            column_config={
                "run": st.column_config.TextColumn("Run"),
                "calibration error": st.column_config.NumberColumn("Calibration error", format="percent"),
            },
        )  # fmt: skip
        st.caption(
            "Below the diagonal a network is overconfident. The calibration error is the mean gap, weighted "
            "by images; a mark's size is how many images it stands for."
        )


def render_moved(runs: Sequence[ComparedRun]) -> None:
    """Show how far each stage moved, in its weights or in what it sees."""
    view = st.segmented_control(
        "What", list(MOVED), default="Weights", required=True, key="compare_moved", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Weights":
        moved = {run.name: weight_drift(run.summary) for run in runs}
    else:
        moved = {run.name: feature_drift(RunFolder(Path(run.summary.folder)).events()) for run in runs}
    told = {name: values for name, values in moved.items() if values}
    if told:
        ordered = {name: told.get(name, {}) for name in moved}
        st.plotly_chart(plot_moved(ordered, MOVED[view]), key=key_of("compare_moved", view), config=chart_config())
        st.caption(
            "How far each stage's weights are from their start at the best epoch; frozen stages stay at 0."
            if view == "Weights"
            else "How far each stage's features are from the pretrained ones at the best epoch; 0 is unchanged."
        )
    for name in [name for name in moved if name not in told]:
        st.caption(f"{plain(name)} has no such measurement: it was switched off, or the run was stopped early.")


def render_cost(runs: Sequence[ComparedRun]) -> None:
    """Show accuracy against what it cost, and which runs no other beats."""
    kind = st.segmented_control(
        "Cost", list(COSTS), default="Seconds", required=True, key="compare_cost", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    costs = [
        Cost(run.name, float(cost), run.summary.best_val_accuracy or 0.0, run.standard_error)
        for run in runs
        if (cost := getattr(run.summary, COSTS[kind])) and cost > 0
    ]
    if not costs:
        st.info("None of these runs recorded its cost.", icon=":material/info:")
        return
    front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
    is_wide = max(cost.cost for cost in costs) > 20 * min(cost.cost for cost in costs)
    st.plotly_chart(
        plot_cost(costs, front, kind.lower(), is_log=is_wide), key=key_of("compare_cost", kind), config=chart_config()
    )
    best = ", ".join(plain(costs[at].name) for at in front)
    st.caption(f"No run beats those on the dotted front at lower cost: {best}. Bars are one standard error.")


def _word(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
