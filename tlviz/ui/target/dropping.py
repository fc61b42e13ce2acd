"""Dropping pictures into the browser: a folder, pictures or an archive is copied into the program's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.drop import MOST_BYTES, MOST_FILES, store_drop
from tlviz.home import home, storage_errors
from tlviz.ui.arrivals import Arrived, arrivals
from tlviz.ui.cached.working import Bar
from tlviz.ui.target.given import preview, start_fetching
from tlviz.ui.widgets.drop_zone import render_drop_zone

_TOKEN = "drop_token"  # noqa: S105 (a key of the session)
_SPARE = 10**9
"""Bytes of the disk that a drop leaves free."""
INSTEAD = "Find the folder in the list instead, which copies nothing."


def render_drop() -> None:
    """Draw the place to drop into; what has arrived is previewed, an archive unpacked."""
    token = st.session_state.get(_TOKEN)
    most = max(0, min(MOST_BYTES, _free() - _SPARE))
    if token is None or not arrivals().is_known(token):
        token = st.session_state[_TOKEN] = arrivals().begin(most, MOST_FILES)
    st.markdown(
        "**A folder** with one sub-folder a class, **pictures** with or without a CSV, or **an archive** (ZIP or TAR). "
        "They are copied into tlviz's own folder on this machine; yours stay as they are."
    )
    is_here = render_drop_zone(
        token, most_bytes=most, most_files=MOST_FILES, instead=INSTEAD, key="drop_zone",
        limit=f"up to {most / 1e9:,.1f} GB and {MOST_FILES:,} files; hidden files are left out",
    )  # fmt: skip
    if not is_here:
        return
    given = arrivals().take(token)
    try:
        if len(given) == 1 and is_archive(Path(given[0].name)):
            start_fetching(str(_named(given[0])))
        else:
            preview(str(_stored(given)))
    finally:
        arrivals().forget(token)
        st.session_state.pop(_TOKEN, None)
    st.rerun()


def _stored(given: Sequence[Arrived]) -> Path:
    with Bar("Putting the pictures in order") as progress:
        return store_drop(given, progress)


def _named(archive: Arrived) -> Path:
    """Give an archive its own name, in a folder that stays until the worker has read it."""
    place = archive.place.parent.with_name(f"{archive.place.parent.name}-archive") / Path(archive.name).name
    with storage_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        archive.place.rename(place)
    return place


def _free() -> int:
    """Return the free bytes of the disk that the home folder lies on."""
    place = next(up for up in (home(), *home().parents) if up.exists())
    return shutil.disk_usage(place).free
