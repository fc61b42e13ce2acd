"""Bringing a person's own checkpoint into the program."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlviz.errors import BadSettingError, TlvizError
from tlviz.models.catalogue import MODELS
from tlviz.models.imported import check_name
from tlviz.ui.messages import show_error
from tlviz.ui.models.table import choose

OWN_EXPORT = ""


def render_import() -> None:
    """Draw the form for a checkpoint, folded away."""
    with st.expander("Add my own checkpoint", icon=":material/upload_file:"):
        st.markdown(
            "A safetensors file, or a `state_dict` saved with `torch.save`, of any architecture of the catalogue. "
            "It is opened as data only: nothing in it can run code."
        )
        file, architecture, name = st.columns([1.6, 1.2, 1])
        with st.form("import_checkpoint", border=False):
            given = file.file_uploader("Weights", type=["safetensors", "pt", "pth", "ckpt", "bin"], key="import_file")
            chosen = architecture.selectbox(
                "Architecture",
                [OWN_EXPORT, *architectures()],
                format_func=lambda key: key or "stated in the file (exported here)",
                key="import_architecture",
            )
            called = name.text_input("Name", key="import_name", placeholder="my_network")
            classes = st.text_area(
                "Class names, one per line, in the order of the logits", key="import_classes", height=110,
                placeholder="Leave empty if this program exported the file.",
            )  # fmt: skip
            sent = st.form_submit_button("Import", type="primary", icon=":material/check:")
        if sent:
            _import(given, chosen or OWN_EXPORT, classes, called.strip())


@st.cache_data(show_spinner=False)
def architectures() -> list[str]:
    """Return the names under which the catalogue knows its architectures."""
    return sorted({spec.architecture for spec in MODELS.values()})


def _import(given: UploadedFile | None, architecture: str, classes: str, name: str) -> None:
    """Import what the form says; a mistake is one sentence, and the form keeps what was typed."""
    try:
        if given is None:
            raise BadSettingError("No weights file is chosen yet.")
        check_name(name)
        with st.spinner("Comparing the tensors with the architecture …"):
            names = [line.strip() for line in classes.splitlines() if line.strip()]
            kept = _keep(given, architecture, names, name)
    except TlvizError as error:
        show_error(error)
        return
    choose([kept])
    st.rerun()


def _keep(given: UploadedFile, architecture: str, classes: list[str], name: str) -> str:
    from tlviz.models.checkpoint import import_checkpoint  # imports torch

    with tempfile.TemporaryDirectory(prefix="tlviz-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"weights{Path(given.name).suffix.lower()}"
        path.write_bytes(given.getbuffer())
        return import_checkpoint(path, architecture, classes, name).name
