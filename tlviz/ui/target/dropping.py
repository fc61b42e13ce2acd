"""Dropping pictures into the browser: a folder, pictures or an archive is copied into the program's own folder."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlviz.data.pixels.signatures import SUFFIXES
from tlviz.data.sources.archive import is_archive
from tlviz.data.sources.drop import MOST_BYTES, MOST_FILES, store_drop
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.home import home, make_folder, storage_errors
from tlviz.ui.cached.working import Bar
from tlviz.ui.messages import show_error
from tlviz.ui.state import key_of
from tlviz.ui.target.given import preview, start_fetching
from tlviz.ui.uploads import uploads

KEEP_UPLOAD_S = 86_400
_TURN = "drop_turn"
"""Counts drops: a new one begins with empty fields, and what was sent is freed."""
LIMIT = f"up to {MOST_BYTES // 2**20:,} MB and {MOST_FILES:,} files together, 200 MB each"
_ENDINGS = [suffix.removeprefix(".") for suffix in sorted(SUFFIXES)] + ["csv", "tsv"]


def render_drop(*, busy: bool) -> None:
    """Draw the two fields to drop into, and copy what was dropped."""
    turn = st.session_state.setdefault(_TURN, 0)
    st.markdown(f"**Drop your pictures here**: they are copied into tlviz's own folder on this machine, {LIMIT}.")
    left, right = st.columns(2, gap="medium")
    folder = left.file_uploader(
        "A folder, with one sub-folder a class",
        type=_ENDINGS,
        accept_multiple_files="directory",
        key=key_of("drop_dir", turn),
    )
    files = right.file_uploader(
        "Pictures, with a CSV, or one ZIP or TAR",
        accept_multiple_files=True,
        key=key_of("drop_files", turn),
    )
    given = [*folder, *files]
    if refused := uploads().refused(_tab()):
        _empty(turn)
        raise BadDatasetError(
            f"That is more than can be dropped at once: {refused:,} of its files were refused, and nothing was copied "
            f"({LIMIT}). Find the folder in the list instead, which copies nothing."
        )
    if not given:
        return
    if len(given) == 1 and is_archive(Path(given[0].name)):
        if busy:
            st.info("Another archive is being read; this one waits for it.", icon=":material/hourglass_top:")
            return
        start_fetching(str(_keep_upload(given[0])))
    else:
        try:
            preview(str(_copied(given)))
        except TlvizError as error:
            _empty(turn)
            show_error(error)
            return
    _empty(turn)
    st.rerun()


def _copied(given: Sequence[UploadedFile]) -> Path:
    with Bar("Copying the pictures") as progress:
        return store_drop(given, progress)


def _empty(turn: int) -> None:
    """Let the fields be empty from now on."""
    st.session_state[_TURN] = turn + 1


def _tab() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


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
