"""Finding a head rate: a short test that leaves no trace, its curve, and the rate it suggests."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tlviz.figures.rates import plot_range_test
from tlviz.figures.theme import chart_config
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.folder import RANGE_TEST, RunFolder, list_runs
from tlviz.runs.launch import start_range_test
from tlviz.ui.panels import render_job
from tlviz.ui.state import Key
from tlviz.ui.words import attempt, show_error


def render_range_test(config: FinetuneConfig) -> None:
    """Offer the test, show how far it is, and then what it found for the present source and target."""
    tests = [run for run in list_runs(RANGE_TEST) if _is_for(run, config)]
    running = next((run for run in tests if not run.status().is_over), None)
    if running is not None:
        render_job(running)
        return
    if st.button(
        "Find a head rate",
        icon=":material/search_insights:",
        help="Tries rates from 1e-7 to 10 on 100 batches with these settings; then it never happened.",
    ) and attempt(start_range_test, config):
        st.rerun()
    last = next((run.events()[-1] for run in tests if run.events()), {})
    if last.get("error"):
        show_error(last["error"])
    elif last.get("rates"):
        _found(last)


def _found(last: dict[str, Any]) -> None:
    st.plotly_chart(
        plot_range_test(last["rates"], last["losses"], last["suggested"]), key="range_test", config=chart_config()
    )
    if last["suggested"] is None:
        st.caption("The loss never fell, so no rate is suggested.")
        return
    rate = f"{last['suggested']:.1e}".replace("e-0", "e-")
    st.caption("Smoothed training loss while the rate rises; the mark is the middle of the longest fall.")
    st.button(f"Use {rate}", icon=":material/check:", on_click=_use, args=(rate,))


def _use(rate: str) -> None:
    st.session_state[Key.HEAD_LR] = rate


def _is_for(run: RunFolder, config: FinetuneConfig) -> bool:
    settings = run.config()["settings"]
    return bool(settings.get("model") == config.model and settings.get("data") == config.data)
