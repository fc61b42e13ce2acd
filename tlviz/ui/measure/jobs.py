"""Measuring: what is being measured, what failed, and the buttons that start it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.diagnose.request import LIMIT, LIMITS
from tlviz.models.catalogue import find_model
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_profile
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import PROFILE
from tlviz.ui.address import to_address
from tlviz.ui.cached.profiles import wanted
from tlviz.ui.measure.early import render_early
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import render_job
from tlviz.ui.widgets.rows import words_and_buttons

Pair = tuple[str, str]
"""A network and a target."""


def take_sample() -> None:
    """Begin with the number of images that the address asks for, else the usual one."""
    asked = st.query_params.get(Key.SAMPLE, "")
    low, high = LIMITS
    if Key.SAMPLE not in st.session_state:
        is_one = asked.isdecimal() and len(asked) < 9 and low <= int(asked) <= high
        st.session_state[Key.SAMPLE] = int(asked) if is_one else LIMIT


def render_sample() -> None:
    """Let a person choose how many images are looked at."""
    low, high = LIMITS
    st.number_input(
        "Images at most", low, high, step=100, key=Key.SAMPLE, persist_state="session",
        help="The same share of every class; more images make the bands narrower and take longer.",
    )  # fmt: skip
    if st.session_state[Key.SAMPLE] != LIMIT:
        to_address(Key.SAMPLE)
    else:
        st.query_params.pop(Key.SAMPLE, None)


def pair_of(run: RunFolder) -> Pair:
    """Return which network and target a run measures."""
    settings = run.config()["settings"]
    return str(settings.get("model", "")), str(settings.get("data", ""))


def running_jobs(pairs: Sequence[Pair]) -> list[RunFolder]:
    """Return the jobs that measure one of these pairs or wait for it, the oldest first."""
    return [run for run in reversed(list_runs(PROFILE)) if pair_of(run) in pairs and not run.status().is_over]


def start_missing(pairs: Sequence[Pair]) -> None:
    """Start measuring what is not being measured yet; the jobs queue."""
    at_work = {pair_of(run) for run in running_jobs(pairs)}
    for model, data in pairs:
        if (model, data) not in at_work:
            start_profile(wanted(model, data))


def render_running(pairs: Sequence[Pair]) -> bool:
    """Show how far the first of these jobs is and name those behind it; return whether there are any."""
    jobs = running_jobs(pairs)
    if not jobs:
        return False
    render_job(jobs[0])
    render_early(jobs[0])
    if len(jobs) > 1:
        behind, button = words_and_buttons()
        waiting = ", ".join(f"{find_model(model).title} on {plain(data)}" for model, data in map(pair_of, jobs[1:]))
        behind.caption(f"Next:  {waiting}.")
        button.button("Cancel all", key="cancel_profiles", on_click=heed, args=(_stop_all, jobs))
    return True


def render_failure(pair: Pair) -> None:
    """Say why the last attempt on a pair left nothing, if it failed."""
    last = next((run for run in list_runs(PROFILE) if pair_of(run) == pair), None)
    if last is None:
        return
    if failure := failure_of(last):
        show_error(failure)


def _stop_all(jobs: Sequence[RunFolder]) -> None:
    for job in jobs:
        job.request_stop()
