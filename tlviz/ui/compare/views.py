"""The simple views of compared runs: settings, curves, calibration, what moved, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from tlviz.api.results_of_runs import settings_of_side
from tlviz.figures.calibration_words import bins_in_words, calibration_in_words
from tlviz.figures.compare import Cost, NamedEpochs, plot_cost, plot_moved, plot_reliability, plot_run_curves
from tlviz.figures.theme import chart_config
from tlviz.finetune.settings import in_words
from tlviz.measures.calibration import calibration, softmax
from tlviz.measures.means import mean_of_known
from tlviz.runs.compare import differing_settings, feature_drift, mean_drift, pareto_front, weight_drift
from tlviz.runs.predictions import Answers
from tlviz.runs.races.standings import Standing
from tlviz.runs.sides import Side, image_error
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.compare.pick_runs import ComparedRun
from tlviz.ui.messages import plain
from tlviz.ui.state import key_of

CURVES = {"Accuracy": "val_accuracy", "Loss": "val_loss", "F1": "val_macro_f1", "Training loss": "train_loss"}
COSTS = {"Seconds": "duration_s", "Trainable parameters": "trainable_parameters"}
MOVED = {"Weights": "share of the starting weights", "Features": "1 - similarity to the pretrained features (CKA)"}


def render_settings(found: Sequence[Side]) -> None:
    """Show the settings that differ, and only those."""
    if len(found) < 2:
        st.info("Choose a second run above to see which settings differ.", icon=":material/touch_app:")
        return
    differing = differing_settings([settings_of_side(side) for side in found])
    if not differing:
        st.info("All settings are the same: these runs are repetitions.", icon=":material/equal:")
        return
    table = {"Setting": [in_words(name) for name in differing]}
    table |= {side.name: [_word(values[at]) for values in differing.values()] for at, side in enumerate(found)}
    st.dataframe(pd.DataFrame(table), hide_index=True, width="stretch")
    words = "One setting differs" if len(differing) == 1 else f"{len(differing)} settings differ"
    st.caption(f"{words}; all others are the same.")


def render_curves(found: Sequence[Side]) -> None:
    """Show one measure of every run over the epochs."""
    measure = st.segmented_control(
        "Measure", list(CURVES), default="Accuracy", required=True, key="compare_measure", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    curves = [NamedEpochs(side.name, run.epochs, run.best_epoch, side.place) for side in found for run in side.runs]
    figure = plot_run_curves(
        curves, CURVES[measure], measure if "Train" in measure else f"validation {measure.lower()}"
    )
    st.plotly_chart(figure, key=key_of("compare_curves", measure), config=chart_config())
    worst = max(image_error(run) for side in found for run in side.runs)
    seeds = "Each seed is a line of its own. " if len(curves) > len(found) else ""
    st.caption(
        f"{seeds}The star is the best epoch, whose weights are kept; epoch 0 may lie below the axis. "
        f"One standard error of an accuracy here is up to {worst:.1%} from the images alone: "
        "smaller differences are noise."
    )


def render_calibration(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    """Show whether each run is right as often as it is sure."""
    found = {run.name: calibration(softmax(held.logits), held.labels) for run, held in zip(runs, answers, strict=True)}
    chart, words = st.columns([2.2, 1], gap="large")
    with chart:
        st.plotly_chart(
            plot_reliability(found, [run.place for run in runs]), key="compare_reliability", config=chart_config()
        )
    with words:
        rows = [
            {"run": name, "calibration error": result.error, "by chance": result.by_chance}
            for name, result in found.items()
        ]
        st.dataframe(
            pd.DataFrame(rows), hide_index=True,
            column_config={
                "run": st.column_config.TextColumn("Run"),
                "calibration error": st.column_config.NumberColumn(
                    "Error", format="percent", help="The calibration error: the mean gap, weighted by images."
                ),
                "by chance": st.column_config.NumberColumn(
                    "By chance", format="percent", help="What a perfectly calibrated network shows on as few images."
                ),
            },
        )  # fmt: skip
        st.caption(
            f"**{plain(calibration_in_words(found))}** {bins_in_words(found)} Below the diagonal a network is "
            "overconfident; bars are one standard error. The calibration error is the mean gap, weighted by images."
        )


def render_moved(found: Sequence[Side]) -> None:
    """Show how far each stage moved, in its weights or in what it sees."""
    view = st.segmented_control(
        "What", list(MOVED), default="Weights", required=True, key="compare_moved", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Weights":
        moved = {side.name: mean_drift([weight_drift(run) for run in side.runs]) for side in found}
    else:
        moved = {
            side.name: mean_drift([feature_drift(RunFolder(Path(run.folder)).events()) for run in side.runs])
            for side in found
        }
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


def render_cost(found: Sequence[Side], ranked: Sequence[Standing]) -> None:
    """Show accuracy against what it cost, and which runs no other beats."""
    kind = st.segmented_control(
        "Cost", list(COSTS), default="Seconds", required=True, key="compare_cost", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    errors = {standing.words: standing.error for standing in ranked}
    costs = [
        Cost(side.name, cost, side.accuracy, errors.get(side.name) or 0.0, side.place)
        for side in found
        if (cost := mean_of_known(getattr(run, COSTS[kind]) or None for run in side.runs))
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
