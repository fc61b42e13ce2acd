"""Bringing images into the program: a folder of this machine, a drop, an archive, or a public dataset."""

from __future__ import annotations

import streamlit as st

from tlviz.data.sources.public import PUBLIC, PublicSpec, is_downloaded
from tlviz.errors import TlvizError
from tlviz.runs.failure import failure_of
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import INGEST
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key
from tlviz.ui.target.browser import render_browser
from tlviz.ui.target.dropping import render_drop
from tlviz.ui.target.given import FETCHING, start_fetching, take
from tlviz.ui.widgets.panels import render_job

FIND, DROP, PATH, PUBLIC_SETS = "Find a folder", "Drop pictures", "Path or archive", "Public datasets"


def render_import(*, is_open: bool) -> None:
    """Draw the ways that bring images in, one of them opened where nothing is chosen; while one works, its progress."""
    running = next((run for run in list_runs(INGEST) if not run.status().is_over), None)
    if running is not None:
        render_job(running)
    else:
        _ended()
    if is_open:
        st.subheader("Where are your pictures?", anchor=False)
    ways = {FIND: ":material/folder_open:", DROP: ":material/upload:", PATH: ":material/terminal:",
            PUBLIC_SETS: ":material/public:"}  # fmt: skip
    key, default = ("bring_in_open", FIND) if is_open else ("bring_in", None)
    way = st.segmented_control(
        "Bring in images", list(ways), key=key, default=default,
        format_func=lambda one: f"{ways[one]} {one}", label_visibility="collapsed" if is_open else "visible",
    )  # fmt: skip
    if way is not None:
        with st.container(border=True):
            _way(way, busy=running is not None)


def _way(way: str, *, busy: bool) -> None:
    """Draw one way; what is not chosen looks at no disk."""
    try:
        match way:
            case "Find a folder":
                render_browser()
            case "Drop pictures":
                render_drop()
            case "Path or archive":
                _path(busy=busy)
            case _:
                _public(busy=busy)
    except TlvizError as error:
        show_error(error)


def _path(*, busy: bool) -> None:
    st.markdown(
        "The path of **a folder** or **a CSV** of paths and labels, whose pictures stay where they are, or of "
        "**an archive** (ZIP or TAR) with one sub-folder a class, of which the pictures are unpacked here:"
    )
    path = st.text_input("Path on this machine", key="archive_path", placeholder="/path/to/pictures")
    if st.button("Open it", icon=":material/folder_open:", disabled=busy, key="archive_unpack"):
        take(path.strip())
        st.rerun()


def _public(*, busy: bool) -> None:
    st.markdown("**A public dataset**, through torchvision from its own server:")
    name = st.selectbox("Public dataset", list(PUBLIC), format_func=lambda key: PUBLIC[key].title, key="public_name")
    spec = PUBLIC[name]
    st.caption(
        f"{spec.sentence} {spec.images:,} images in {spec.class_count:,} classes; {spec.relation}. "
        f"Licence: {spec.licence}. [Its page]({spec.url})"
    )
    if is_downloaded(spec):
        st.button("Use as the target", icon=":material/check:", key="public_use", on_click=_use, args=(spec,))
    elif st.button(f"Download ({spec.size_mb:,} MB)", icon=":material/download:", disabled=busy, key="public_download"):
        start_fetching(name)
        st.rerun()


def _use(spec: PublicSpec) -> None:
    st.session_state[Key.TARGET] = spec.name


def _ended() -> None:
    """Say how what this tab waited for ended; what came becomes the target."""
    name = st.session_state.pop(FETCHING, None)
    run: RunFolder | None = next((run for run in list_runs(INGEST) if run.name == name), None)
    if run is None:
        return
    last = (run.events() or [{}])[-1]
    if failure := failure_of(run):
        show_error(failure)
    elif last.get("data"):
        st.session_state[Key.ARRIVED] = str(last["data"])
        st.rerun()
