"""New texts for a finished run: write them, one a line, and read classes with probabilities; take them as CSV."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tlviz.data.pixels.problem import Problem
from tlviz.errors import TlvizError
from tlviz.runs.store.folder import RunFolder, find_run
from tlviz.ui.cached.networks import saved_at
from tlviz.ui.messages import show_error
from tlviz.ui.widgets.panels import render_problems

MOST = 500
"""Texts that are classified at once on the page; the command line takes any number."""


def render_try_texts(run: RunFolder) -> None:
    """Let a person write texts, and show what the run's best weights say of them."""
    written = st.text_area("Texts, one a line", key="try_texts", placeholder="A warm, funny and moving film.")
    st.caption("They stay on this machine; nothing is sent anywhere.")
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if len(lines) > MOST:
        st.info(f"The first {MOST} of {len(lines):,} lines are classified.", icon=":material/info:")
    if not lines:
        return
    try:
        rows, problems = _named(run.name, saved_at(run.name), tuple(lines[:MOST]))
    except TlvizError as error:
        show_error(error)
        return
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"probability": st.column_config.ProgressColumn("probability", format="percent", max_value=1.0)},
    )
    st.download_button(
        "CSV", rows.to_csv(index=False), f"{run.name}.csv", "text/csv", icon=":material/table:", key="try_csv"
    )
    render_problems(problems)


@st.cache_data(max_entries=16, show_spinner="Reading the texts …")
def _named(name: str, changed_ns: int, lines: tuple[str, ...]) -> tuple[pd.DataFrame, list[Problem]]:  # noqa: ARG001
    from tlviz.export.bundle import load_bundle
    from tlviz.export.text_predict import predict_texts

    run = find_run(name)
    found = predict_texts(load_bundle(run.weights), run.weights, [(line, line) for line in lines], None)
    rows = pd.DataFrame(
        {
            "text": [row.path for row in found.rows],
            "answer": [row.guesses[0].name for row in found.rows],
            "probability": [row.guesses[0].probability for row in found.rows],
            "remark": [row.note or "" for row in found.rows],
        }
    )
    return rows, list(found.problems)
