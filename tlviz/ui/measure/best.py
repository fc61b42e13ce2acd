"""The search for the best model in some minutes: the button that starts it, how far it is, and what it found."""

from __future__ import annotations

import streamlit as st

from tlviz.api.asking import ask_best
from tlviz.errors import TlvizError
from tlviz.models.catalogue import find_model
from tlviz.runs.best.found import is_search, read_best
from tlviz.runs.best.plan import LEAST_MINUTES, MOST_MINUTES, plan_words
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_best
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import RACE
from tlviz.ui.address import go_to
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import render_job
from tlviz.ui.widgets.rows import words_and_buttons

MINUTES = "best_minutes"
USUAL_MINUTES = 10.0


def render_best(model: str, data: str) -> None:
    """Offer the search for a network on a target, or show how far it is, and what the last one found."""
    last = next((run for run in list_runs(RACE) if _is_of(run, model, data)), None)
    if last is not None and not last.status().is_over:
        render_job(last)
        _open(last, "Watch it on the Race page")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            "Minutes", LEAST_MINUTES, MOST_MINUTES, USUAL_MINUTES, step=1.0, format="%g", key=MINUTES, width=130,
            persist_state="session",
        )  # fmt: skip
        st.button(
            f"Find the best model in {minutes:g} minutes", icon=":material/trophy:", key="best_start",
            on_click=heed, args=(_start, model, data, minutes),
            help="\n\n".join(plain(words) for words in plan_words(minutes, [find_model(model).title])),
        )  # fmt: skip
    if last is not None:
        _found(last)


def _found(run: RunFolder) -> None:
    """Say what the last search found, and open it."""
    try:
        st.markdown(plain(f"Last search: {read_best(run).summary}"))
    except TlvizError as error:
        if failure := failure_of(run):
            show_error(failure)
        else:
            st.caption(plain(str(error)))
    _open(run, "Open it on the Race page")


def _open(run: RunFolder, words: str) -> None:
    _, button = words_and_buttons()
    if button.button(words, icon=":material/flag:", key="best_open"):
        st.session_state[Key.RACE] = run.name
        go_to("pages/race.py")


def _start(model: str, data: str, minutes: float) -> None:
    models, name, _ = ask_best(data, minutes, [model], {})
    start_best(models, name, minutes)


def _is_of(run: RunFolder, model: str, data: str) -> bool:
    settings = run.config()["settings"]
    return is_search(run) and (settings.get("model"), settings.get("data")) == (model, data)
