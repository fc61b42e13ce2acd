"""Runs: which runs have I made?"""

import streamlit as st

from tlviz.api.snippets import run_code, runs_code
from tlviz.runs.overview import all_tags, overview, unreadable
from tlviz.runs.store.kinds import FINETUNE
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.messages import plain
from tlviz.ui.runs.open_inside import NOTES, RUNS_VIEW, TRY
from tlviz.ui.runs.panel import render_run_heading, render_run_panel
from tlviz.ui.runs.table import render_filter, render_table
from tlviz.ui.runs.trash import render_bin, render_bring_in, render_undo
from tlviz.ui.runs.try_it import render_try_it
from tlviz.ui.widgets.invite import render_invite
from tlviz.ui.widgets.show_code import render_code


def page() -> None:
    page_title("Runs")
    render_undo()
    every = overview(None)
    rows = [row for row in every if row.kind == FINETUNE]
    for one in unreadable(every):
        st.warning(
            plain(f"The run {one.path} cannot be read and is left out: {one.reason}."), icon=":material/warning:"
        )
    if rows:
        found = render_filter(rows)
        chosen = render_table(found)
        if chosen is None:
            st.info("No run matches.", icon=":material/search_off:")
        else:
            render_run_heading(chosen, rows)
            view = st.segmented_control(
                "View", [NOTES, TRY], default=NOTES, required=True, key=RUNS_VIEW, persist_state="session",
                label_visibility="collapsed",
            )  # fmt: skip
            if view == TRY:
                render_try_it(chosen.folder)
            else:
                render_run_panel(chosen, all_tags(rows))
            render_code(runs_code(chosen.run), run_code(chosen.folder), titles=("All runs", "The chosen run"))
    else:
        render_invite(
            "No run yet. Start one, or bring one in.",
            "Fine-tune", "pages/finetune.py", ":material/list_alt:", key="to_finetune",
        )  # fmt: skip
    render_bring_in()
    render_bin()


guarded(page)
