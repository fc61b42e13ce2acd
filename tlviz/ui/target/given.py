"""What a person gave as pictures: a folder or a table is previewed, an archive is unpacked first."""

from __future__ import annotations

import streamlit as st

from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.folder import given_path
from tlviz.errors import BadDatasetError, quoted
from tlviz.runs.launch import start_ingest
from tlviz.ui.state import Key

FETCHING = "fetching"
_BESIDE = "previewed_beside"


def take(text: str) -> None:
    """Preview the folder or table at a path, or begin to unpack the archive there.

    Raises ``BadDatasetError`` where nothing is there.
    """
    if not text:
        raise BadDatasetError("No path is given; write the path of a folder, a CSV or an archive.")
    path = given_path(text)
    if not path.exists():
        raise BadDatasetError(
            f"There is nothing at {quoted(text)}; check its spelling, or find the folder in the list."
        )
    if path.is_file() and is_archive(path):
        start_fetching(str(path))
    else:
        preview(str(path.resolve()))


def preview(path: str) -> None:
    """Show a folder or a table as it would be read, until it is taken, left, or another target is chosen."""
    st.session_state[Key.PREVIEWED] = path
    st.session_state[_BESIDE] = _chosen()


def previewed() -> str | None:
    """Return what is previewed, None where another target was chosen meanwhile."""
    if st.session_state.get(_BESIDE) != _chosen():
        leave()
    return st.session_state.get(Key.PREVIEWED)


def leave() -> None:
    """Preview nothing."""
    st.session_state.pop(Key.PREVIEWED, None)


def _chosen() -> tuple[object, object]:
    return st.session_state.get(Key.TARGET), st.session_state.get(Key.FOLDER)


def start_fetching(name: str) -> None:
    """Start the job that brings a target in, and remember that this tab waits for it."""
    st.session_state[FETCHING] = start_ingest(name).name
