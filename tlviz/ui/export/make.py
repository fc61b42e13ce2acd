"""The choice of weights and folder, the button that makes and checks a bundle, and the quick download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.api.snippets import Snippet, export_code
from tlviz.data.sources.folder import given_path
from tlviz.export.files.table import Format
from tlviz.export.hand_over import check_destination
from tlviz.export.run_weights import Weights, has_last
from tlviz.runs.launch import start_export
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise
from tlviz.ui.export.past import default_folder
from tlviz.ui.messages import attempt
from tlviz.ui.state import Key


def render_make(run: RunFolder, chosen: Sequence[Format], epoch: Any, weights: bytes, *, is_busy: bool) -> Snippet:
    """Let a person choose weights and folder and start the export, beside the one file of weights; return its code."""
    which = _weights(run, epoch)
    folder = default_folder(run)
    place = st.text_input(
        "Folder", key=Key.EXPORT_TO, placeholder=str(folder),
        help="A new or empty folder; a ZIP of it is written beside it. Left empty, it is one in tlviz's own folder.",
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button(
            "Make and check", type="primary", icon=":material/fact_check:", key="make_export",
            disabled=is_busy or not chosen,
            help="Writes the chosen formats. Then a process without tlviz reads every validation picture from its "
            "file and answers with each of them; the answers must be the run's.",
        ) and attempt(_start, run, place, chosen, which):  # fmt: skip
            st.rerun()
        st.download_button(
            f"Weights only ({len(weights) / 1e6:.1f} MB)", weights, f"{run.name}.safetensors",
            "application/octet-stream", icon=":material/download:", key="export_weights", on_click="ignore",
            help="The best weights as one safetensors file, with class names and preprocessing in its header; not "
            "checked.",
        )  # fmt: skip
    return export_code(run.name, place.strip() or str(folder), [form.value for form in chosen], which.value)


def _weights(run: RunFolder, epoch: Any) -> Weights:
    """Return the weights that a person wants; there is a choice only where the run kept others than its best."""
    if not has_last(run):
        st.caption(f"The weights of epoch {epoch}, the run's best.")
        return Weights.BEST
    words = {Weights.BEST: f"Best (epoch {epoch})", Weights.LAST: f"Last (epoch {summarise(run).epochs_run})"}
    chosen = st.segmented_control(
        "Weights", list(words), format_func=lambda which: words[which], default=Weights.BEST, key=Key.WEIGHTS
    )
    return chosen or Weights.BEST


def _start(run: RunFolder, place: str, chosen: Sequence[Format], which: Weights) -> None:
    folder: Path = given_path(place.strip()).absolute() if place.strip() else default_folder(run)
    check_destination(folder, zipped=True)
    start_export(run, folder, [form.value for form in chosen], weights=which, zipped=True)
