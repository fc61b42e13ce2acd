"""A target of one's own: renamed, read again, forgotten; and found again where its folder was moved."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.data.sources.drop import forget_drop
from tlviz.data.sources.recent import Recent, find_recent, forget_recent, found_again, move_recent, rename_recent
from tlviz.data.sources.store import datasets_folder
from tlviz.ui.cached import targets
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.target_field import OWN_FOLDER, choose_path

_NAME, _PLACE = "target_name", "target_place"


def render_own(data: str, place: DeltaGenerator) -> None:
    """Draw what can be done with a target of one's own; nothing for those that ship or were downloaded."""
    if not Path(data).is_absolute():
        return
    path = str(Path(data).resolve())
    recent = find_recent(path) or Recent(path)
    with place.popover("This target", icon=":material/tune:"):
        st.caption(f"{plain(path)}")
        key = key_of(_NAME, path)
        st.text_input("Name", recent.title, key=key, help="What lists and reports call it; nothing is renamed on disk.")
        st.button("Rename", key="target_rename", on_click=heed, args=(_rename, path, key))
        st.button(
            "Read it again", icon=":material/refresh:", key="target_again", on_click=targets.forget,
            help="Look at its files now; those that changed are decoded anew.",
        )  # fmt: skip
        st.button(
            "Forget it", icon=":material/playlist_remove:", key="target_forget", on_click=heed, args=(_forget, path),
            help="Takes it out of the list. Its pictures, your choices about it and its runs stay.",
        )  # fmt: skip
        if Path(path).parent == datasets_folder().resolve():
            st.button(
                "Delete tlviz's copy", icon=":material/delete:", key="target_delete", on_click=heed,
                args=(_delete, path), help="Frees its room. What you dropped or unpacked is still where you have it.",
            )  # fmt: skip


def render_moved(recent: Recent) -> None:
    """Say that a target is not where it was, and let a person say where it is."""
    st.warning(
        f"**{plain(recent.title)}** is not at {plain(recent.path)} any more. Was the folder moved or renamed, or is "
        "its disk not plugged in?",
        icon=":material/link_off:",
    )
    guess = found_again(recent)
    if guess:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"The same folder lies at **{plain(guess)}** now.")
            st.button(
                "Use it there", type="primary", key="target_found", on_click=heed, args=(_mend, recent.path, guess)
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Its new place", key=_PLACE, placeholder="/path/to/pictures")
        st.button("It is there", key="target_moved", on_click=heed, args=(_mend_as_written, recent.path))
        st.button("Forget it", key="target_forget", on_click=heed, args=(_forget, recent.path))


def _rename(path: str, key: str) -> None:
    rename_recent(path, str(st.session_state.get(key) or ""))
    targets.forget()


def _forget(path: str) -> None:
    forget_recent(path)
    _leave()


def _delete(path: str) -> None:
    forget_drop(Path(path))
    forget_recent(path)
    _leave()


def _leave() -> None:
    """Choose no target for now."""
    st.session_state[Key.TARGET], st.session_state[Key.FOLDER] = OWN_FOLDER, ""
    st.query_params.pop(Key.FOLDER, None)
    targets.forget()


def _mend_as_written(path: str) -> None:
    _mend(path, str(st.session_state.get(_PLACE) or ""))


def _mend(path: str, new: str) -> None:
    choose_path(move_recent(path, new))
    targets.forget()
