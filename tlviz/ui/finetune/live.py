"""A run as it goes: state, progress, curves, and the button that stops it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from tlviz.figures.curves import plot_curves
from tlviz.figures.theme import chart_config
from tlviz.finetune.config import FinetuneConfig
from tlviz.medium import WORDS, retold
from tlviz.models.spec import Stage
from tlviz.runs.advice.transfer_gain import starts_pretrained
from tlviz.runs.chosen_epoch import choice_words, run_without_choice
from tlviz.runs.launch import end_worker, resume_run, stop_run
from tlviz.runs.sides import image_error
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import job_words
from tlviz.runs.summary import RunSummary, summarise
from tlviz.ui.cached import run_charts
from tlviz.ui.cached.run_items import medium_of_run
from tlviz.ui.finetune.after import render_answers, render_outcome
from tlviz.ui.finetune.form import rate_text
from tlviz.ui.finetune.inside import render_inside
from tlviz.ui.finetune.run_plan import render_difference, render_run_plan
from tlviz.ui.messages import heed, left_words, plain, show_error
from tlviz.ui.state import key_of
from tlviz.ui.widgets.headings import EPOCH_COLUMNS, GROUP_COLUMNS
from tlviz.ui.widgets.live_chart import load_chart_library, render_live_chart
from tlviz.ui.widgets.panels import STATUS_WORDS
from tlviz.ui.widgets.rows import words_and_buttons

POLL_S = 1.0
DETAILS_POLL_S, PLAN_POLL_S = 5.0, 10.0
"""What takes long to draw, or changes seldom, is looked at less often: its cost is taken from the run's own."""
HEED_S = 15.0
"""A worker that was asked to stop gets this long before its process can be ended."""


def render_no_run() -> None:
    """Show the empty axes, so that the browser has its chart library before the first run needs it."""
    st.info("No run yet. Its curves will grow here.", icon=":material/show_chart:")
    st.plotly_chart(plot_curves([], None, 10, "none"), key="curves_none", config=chart_config())


def render_run(run: RunFolder, form: FinetuneConfig | None, stages: Sequence[Stage]) -> None:
    """Show a run, and where the form, of a network with these stages, differs from it.

    While the run goes on, its state and curves look at its folder every second, its plan and what happened inside
    every few; the rest is drawn once.
    """
    summary = summarise(run)
    is_over = summary.status.is_over
    render_difference(run, summary, form, stages)
    if is_over:
        render_outcome(run, summary)
    st.fragment(_plan, run_every=None if is_over else PLAN_POLL_S)(run)
    st.fragment(_curves, run_every=None if is_over else POLL_S)(run, was_over=is_over)
    st.fragment(_details, run_every=None if is_over else DETAILS_POLL_S)(run)
    if is_over:
        render_answers(summary)
    load_chart_library()


def _plan(run: RunFolder) -> None:
    render_run_plan(run, summarise(run))


def _curves(run: RunFolder, *, was_over: bool) -> None:
    summary = summarise(run)
    if summary.status.is_over and not was_over:
        st.rerun()  # once, without the timers
    _state(run, summary)
    render_live_chart(run_charts.curves(summary), key=key_of("curves", run.name))
    if summary.epochs:
        st.caption(_reading_aid(summary))
    elif not summary.status.is_over:
        st.caption("The first point is epoch 0: validation before any training. It comes in a few seconds.")


def _details(run: RunFolder) -> None:
    summary = summarise(run)
    if summary.epochs:
        render_inside(run, summary)
        _tables(summary)


def _state(run: RunFolder, summary: RunSummary) -> None:
    """Say where the run stands, how good its best epoch is, and what it trains."""
    if summary.error:
        show_error(summary.error)
    state, button = words_and_buttons()
    if summary.status.is_over:
        state.markdown(f"**{STATUS_WORDS[summary.status]}** {_seconds(summary.duration_s)} · {_results(summary)}")
    else:
        beat = run.present_beat()
        words = [STATUS_WORDS[summary.status]]
        if beat is not None:
            words.append(f"{beat.doing}{left_words(beat.seconds_left)}")
        words.append(_results(summary))
        state.progress(beat.fraction if beat else 0.0, " · ".join(filter(None, words)))
    if not summary.status.is_over:
        if (job := job_words(run.path)) is not None:
            st.caption(plain(job))
        _stop_button(button, run)
    elif summary.status is not Status.FINISHED and (run.last_state.exists() or not summary.epochs):
        button.button(
            "Resume",
            icon=":material/resume:",
            key=key_of("resume", run.name),
            on_click=heed,
            args=(resume_run, run),
            help="Goes on from its last epoch; without one, begins anew. On a CPU the end is as if it "
            "had never stopped; on a GPU only with --deterministic, as far as torch can.",
        )


def _results(summary: RunSummary) -> str:
    words = []
    if summary.best_val_accuracy is not None:
        words.append(f"best **{summary.best_val_accuracy:.1%}** at epoch {summary.best_epoch}")
    if summary.test_accuracy is not None:
        words.append(f"on the test images **{summary.test_accuracy:.1%}**")
    return " · ".join(words)


def _stop_button(place: st.delta_generator.DeltaGenerator, run: RunFolder) -> None:
    """Offer to stop; to end the process only where it has not heeded the wish for a while."""
    asked_s = run.stop_age_s()
    words = "Stop" if asked_s is None else "Stopping"
    if asked_s is None or asked_s < HEED_S:
        if place.button(
            words,
            icon=":material/stop:",
            key=key_of("stop", run.name),
            disabled=asked_s is not None,
            help="The best weights so far are kept.",
        ):
            heed(stop_run, run)
            st.rerun(scope="fragment")
    elif place.button(
        "End now",
        key=key_of("end", run.name),
        help="It was asked to stop and has not stopped yet. This ends its process.",
    ):
        end_worker(run)


def _reading_aid(summary: RunSummary) -> str:
    images, medium = int(summary.start_event.get("validation_images") or 1), medium_of_run(summary)
    error = image_error(summary)
    trained = summary.trainable_parameters or 0
    untrained = "the untrained head" if starts_pretrained(summary) else "the untrained network"
    return (
        f"Trains {trained:,} of {trained + (summary.frozen_parameters or 0):,} parameters. Epoch 0 is {untrained}. "
        f"With {images:,} validation {WORDS[medium].several} one standard error is {error:.1%}: smaller "
        "differences are noise. "
        + retold(choice_words(summary.best_val_accuracy or 0.0, run_without_choice(summary)), medium)
    )


def _tables(summary: RunSummary) -> None:
    with st.expander("What trains at which rate, and every number of the curves"):
        st.caption("Parameter groups, read back from the optimizer")
        st.dataframe(pd.DataFrame(_groups(summary)), hide_index=True, column_config=dict(GROUP_COLUMNS))
        if note := next((phase["note"] for phase in reversed(summary.phases) if phase.get("note")), None):
            st.caption(note)
        st.caption("Epochs")
        numbers = [{name: epoch.get(name) for name in EPOCH_COLUMNS} for epoch in summary.epochs]
        table = pd.DataFrame(numbers).dropna(axis="columns", how="all")  # what an old run did not measure
        st.dataframe(table, hide_index=True, column_config=dict(EPOCH_COLUMNS))


def _groups(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the rows of the optimizer's groups; where more was unfrozen later, with the epoch from which on."""
    found = []
    for phase in summary.phases:
        since = {"from epoch": phase.get("epoch", 1)} if len(summary.phases) > 1 else {}
        for row in phase.get("groups") or []:
            # As text: a table of numbers would round 5e-5 to 0.0001.
            shown = {"stage": row["stage"], "rate": rate_text(row["lr"]), "parameters": row["parameters"]}
            found.append(since | shown | {"weight decay": row["weight_decay"]})
    return found


def _seconds(duration_s: float | None) -> str:
    return "" if duration_s is None else f"after {duration_s:.0f} s"
