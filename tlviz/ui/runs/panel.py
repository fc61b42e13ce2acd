"""One run: what it reached, what the person wrote about it, and what can be done with it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import streamlit as st

from tlviz.medium import retold
from tlviz.models.imported import medium_of_weights
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import resume_run, start_answers
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.overview import RunRow
from tlviz.runs.predictions import TEST
from tlviz.runs.run_verdict import run_verdict
from tlviz.runs.store.archive import pack_run
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import ANSWERS
from tlviz.runs.store.trash import discard
from tlviz.runs.summary import summarise
from tlviz.runs.titles import row_label
from tlviz.ui.address import go_to
from tlviz.ui.finetune.clone import prepare_clone
from tlviz.ui.messages import heed, plain, show_error, strong_words
from tlviz.ui.runs.report_button import render_report
from tlviz.ui.runs.table import megabytes
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import STATUS_WORDS, render_job
from tlviz.ui.widgets.show_code import notebook_of, render_notebook


def render_run_heading(row: RunRow, rows: Sequence[RunRow]) -> None:
    """Say which run is chosen, what it reached, and how it stands among all ``rows``."""
    tested = f" · on the test images **{row.test_accuracy:.1%}**" if row.test_accuracy is not None else ""
    best = f" · best at epoch {row.best_epoch}" if row.best_val_accuracy is not None else ""
    st.markdown(f"**{plain(row_label(row))}** · {STATUS_WORDS[row.status]}{best}{tested}")
    if row.best_val_accuracy is not None:
        told = strong_words(lambda strong: run_verdict(summarise(row.folder), rows, strong))
        st.markdown(retold(told, medium_of_weights(row.folder)))


def render_run_panel(row: RunRow, tags: Sequence[str]) -> None:
    """Show one run with its notes on the left and its actions on the right."""
    if row.error:
        show_error(row.error)
    notes, actions = st.columns([1.25, 1], gap="large")
    with notes:
        _notes(row, tags)
    with actions:
        _actions(row)


def _notes(row: RunRow, tags: Sequence[str]) -> None:
    with st.form(key_of("notes", row.run), border=False):
        first, second = st.columns(2)
        name = first.text_input("Name", row.notes.name, placeholder="your own name for it", key=key_of("name", row.run))
        chosen = second.multiselect(
            "Tags", sorted({*tags, *row.notes.tags}), list(row.notes.tags), accept_new_options=True,
            key=key_of("tags", row.run), placeholder="choose or type",
        )  # fmt: skip
        text = st.text_area("Notes", row.notes.text, height=80, key=key_of("text", row.run))
        if st.form_submit_button("Save", icon=":material/save:"):
            heed(write_notes, row.folder, Notes(name, text, tuple(chosen)))
            st.rerun()


def _actions(row: RunRow) -> None:
    run = row.folder
    with st.container(horizontal=True):
        asked = {str(Key.RUN): run.name}
        st.page_link("pages/finetune.py", label="Its curves", icon=":material/show_chart:", query_params=asked)
        st.page_link("pages/export.py", label="Export", icon=":material/download:", query_params=asked)
    with st.container(horizontal=True):
        if st.button(
            "Clone", icon=":material/content_copy:", key="run_clone", on_click=heed, args=(prepare_clone, run),
            help="Opens Fine-tune with all settings of this run: change one and start.",
        ) and Key.TROUBLE not in st.session_state:  # fmt: skip
            go_to("pages/finetune.py")
        if row.status.is_over:
            st.download_button(
                "ZIP", lambda: _zip(run), f"{run.name}.zip", "application/zip", icon=":material/folder_zip:",
                key="run_zip", on_click="ignore", help="The whole run in one file, to import on another machine.",
            )  # fmt: skip
            render_report([row])
            render_notebook(lambda: notebook_of(run), run.name, key="run_notebook")
            st.button("Delete", icon=":material/delete:", key="run_delete", on_click=heed, args=(_delete, run))
        has_begun = row.best_val_accuracy is not None
        if row.status.is_over and row.status is not Status.FINISHED and (run.last_state.exists() or not has_begun):
            st.button("Resume", icon=":material/resume:", key="run_resume", on_click=heed, args=(resume_run, run))
    _test(row)
    st.caption(f"`{run.name}` · {megabytes(row.size)} in `{plain(str(run.path.parent))}`")


def _test(row: RunRow) -> None:
    """Offer the final evaluation where the run ended without one and has test images."""
    begun = next((event for event in row.folder.events() if event.get("event") == "started"), {})
    images = begun.get("test_images")
    is_due = row.test_accuracy is None and row.has_weights and row.status.is_over
    if not is_due or not isinstance(images, int) or images < 1:
        return
    job = next((job for job in list_runs(ANSWERS) if _is_test_of(job, row.run)), None)
    if job and not job.status().is_over:
        render_job(job)
        return
    if job and (failure := failure_of(job)):
        show_error(failure)
    st.button(
        f"Evaluate on its {images:,} test images", icon=":material/verified:", key="run_test", on_click=heed,
        args=(start_answers, row.folder, TEST), help="Only once: this is the number you report, so do it last.",
    )  # fmt: skip


def _is_test_of(job: RunFolder, name: str) -> bool:
    settings = job.config()["settings"]
    return (settings.get("run"), settings.get("part")) == (name, TEST)


def _zip(run: RunFolder) -> bytes:
    buffer = io.BytesIO()
    pack_run(run, buffer)
    return buffer.getvalue()


def _delete(run: RunFolder) -> None:
    st.session_state[Key.DELETED] = discard(run).name
    st.session_state.pop(Key.RUN, None)
