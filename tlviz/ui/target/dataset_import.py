"""Bringing images into the program: an archive, or a public dataset."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlviz.data.sources.archive import SUFFIXES, is_archive
from tlviz.data.sources.folder import given_path
from tlviz.data.sources.public import PUBLIC, PublicSpec, is_downloaded
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.home import home, make_folder, storage_errors
from tlviz.runs.launch import start_ingest
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import INGEST
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import render_job

KEEP_UPLOAD_S = 86_400
_FETCHING = "fetching"


def render_import() -> None:
    """Draw what brings images in, folded away; while something is fetched, its progress."""
    running = next((run for run in list_runs(INGEST) if not run.status().is_over), None)
    if running is not None:
        render_job(running)
    else:
        _ended()
    with st.expander("Import images", icon=":material/add_photo_alternate:"):
        own, public = st.columns([1, 1.5], gap="large")
        with own:
            _archive(busy=running is not None)
        with public:
            _public(busy=running is not None)


def _archive(*, busy: bool) -> None:
    st.markdown(
        "**A folder or a CSV** of paths and labels: choose *My own …* on the left. "
        "**An archive** with one sub-folder a class is unpacked here, only its pictures:"
    )
    given = st.file_uploader("ZIP or TAR", type=["zip", "tar", "tgz", "gz", "bz2", "xz"], key="archive_file")
    path = st.text_input("or its path on this machine", key="archive_path", placeholder="/path/to/pictures.zip")
    if st.button("Unpack", icon=":material/unarchive:", disabled=busy, key="archive_unpack"):
        try:
            start_fetching(str(_given_archive(given, path.strip())))
        except TlvizError as error:
            show_error(error)
        else:
            st.rerun()


def _given_archive(given: UploadedFile | None, path: str) -> Path:
    if given is not None:
        return _keep_upload(given)
    found = given_path(path)
    if not path or not found.is_file() or not is_archive(found):
        raise BadDatasetError(f"The archive '{path}' does not exist; give a file that ends in {', '.join(SUFFIXES)}.")
    return found


def _keep_upload(given: UploadedFile) -> Path:
    """Write an upload where the worker finds it; those of other days are removed."""
    folder = make_folder(home() / "uploads")
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_UPLOAD_S:
            shutil.rmtree(old, ignore_errors=True)
    path = make_folder(folder / uuid.uuid4().hex[:8]) / Path(given.name).name
    with storage_errors(path):
        path.write_bytes(given.getbuffer())
    return path


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


def start_fetching(name: str) -> None:
    """Start the job that brings a target in, and remember that this tab waits for it."""
    st.session_state[_FETCHING] = start_ingest(name).name


def _use(spec: PublicSpec) -> None:
    st.session_state[Key.TARGET] = spec.name


def _ended() -> None:
    """Say how what this tab waited for ended; what came becomes the target."""
    name = st.session_state.pop(_FETCHING, None)
    run: RunFolder | None = next((run for run in list_runs(INGEST) if run.name == name), None)
    events = run.events() if run else []
    if not events:
        return
    last = events[-1]
    if last.get("error"):
        show_error(last["error"])
    elif last.get("data"):
        st.session_state[Key.ARRIVED] = str(last["data"])
        st.rerun()
