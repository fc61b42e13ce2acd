"""What comes and goes: the trash with its undo, and runs brought in from elsewhere."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import streamlit as st

from tlviz.data.sources.folder import given_path
from tlviz.errors import TlvizError
from tlviz.home import home, make_folder, storage_errors
from tlviz.runs.store.archive import take_in
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import RACE
from tlviz.runs.store.trash import empty_trash, list_trash, restore, trash_size
from tlviz.runs.summary import summarise
from tlviz.ui.messages import heed, plain, show_error
from tlviz.ui.runs.table import megabytes
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import race_label, run_label
from tlviz.ui.widgets.rows import words_and_buttons

MOST_SHOWN = 20


def render_undo() -> None:
    """After a deletion, say where the run is and offer to take it back."""
    name = st.session_state.get(Key.DELETED)
    if name is None or name not in {run.name for run in list_trash()}:
        return
    words, button = words_and_buttons()
    words.info(f"{plain(name)} is in the trash.", icon=":material/delete:")
    button.button("Undo", icon=":material/undo:", key="undo_delete", on_click=heed, args=(_restore, name))


def render_bin() -> None:
    """Show the trash, folded away; nothing where it is empty."""
    deleted = list_trash()
    if not deleted:
        return
    with st.expander(f"Trash: {len(deleted):,} deleted, {megabytes(trash_size())}", icon=":material/delete:"):
        for run in deleted[:MOST_SHOWN]:
            words, button = words_and_buttons()
            words.markdown(plain(_label(run)))
            button.button("Restore", key=key_of("restore", run.name), on_click=heed, args=(_restore, run.name))
        if len(deleted) > MOST_SHOWN:
            st.caption(f"The newest {MOST_SHOWN} of {len(deleted):,}.")
        st.button(
            "Empty the trash", icon=":material/delete_forever:", key="empty_trash", on_click=heed, args=(empty_trash,),
            help="Deletes them from the disk permanently.",
        )  # fmt: skip


def render_bring_in() -> None:
    """Let a person bring in a run that was downloaded as ZIP, folded away."""
    with st.expander("Import a run", icon=":material/folder_zip:"):
        given = st.file_uploader("A ZIP that was exported on this page", type=["zip"], key="run_zip_file")
        path = st.text_input("or its path on this machine", key="run_zip_path", placeholder="/path/to/run.zip")
        if st.button("Import", icon=":material/input:", key="run_bring_in"):
            try:
                run = _taken_in(given.name, given.getbuffer()) if given else take_in(given_path(path.strip()))
            except TlvizError as error:
                show_error(error)
            else:
                st.session_state[Key.RUN] = run.name
                st.rerun()


def _taken_in(name: str, content: memoryview) -> RunFolder:
    folder = make_folder(home() / "uploads" / uuid.uuid4().hex)
    try:
        archive = folder / (Path(name).name or "run.zip")
        with storage_errors(archive):
            archive.write_bytes(content)
        return take_in(archive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _label(run: RunFolder) -> str:
    return race_label(run) if run.config()["kind"] == RACE else run_label(summarise(run))


def _restore(name: str) -> None:
    run = restore(name)
    st.session_state[Key.RACE if run.config()["kind"] == RACE else Key.RUN] = run.name
    st.session_state.pop(Key.DELETED, None)
