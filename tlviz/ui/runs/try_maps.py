"""Where a run looked in a new picture, for the one a person chooses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.pixels.problem import Problem
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise
from tlviz.ui.attributions.run_maps import RunAnswer, render_run_maps
from tlviz.ui.messages import show_error
from tlviz.ui.runs.open_inside import NewPicture, link_to_attributions
from tlviz.ui.widgets.panels import told_apart

if TYPE_CHECKING:
    from tlviz.data.pixels.ingest import Geometry
    from tlviz.export.predict import Picture, Prediction
    from tlviz.models.load import Network


WHERE = "try_where"
_CLICKED = "try_clicked"


def look_at(clicked: Sequence[str]) -> None:
    """Choose the picture whose row was just clicked; call it before ``render_where_it_looked``."""
    path = next(iter(clicked), None)
    if path != st.session_state.get(_CLICKED):
        st.session_state[_CLICKED] = st.session_state[WHERE] = path


def render_where_it_looked(
    run: RunFolder, network: Network, geometry: Geometry, rows: Sequence[Prediction], pictures: Sequence[Picture]
) -> None:
    """Let a person choose one of the named pictures, and show the attribution of its best guess."""
    from tlviz.export.predict import open_square

    by_path = {row.path: row for row in rows}
    names = told_apart({path: Path(path).name for path in by_path})
    if st.session_state.get(WHERE) not in by_path:
        st.session_state[WHERE] = None
    path = st.selectbox(
        "Where did it look?", list(by_path), index=None, key=WHERE, placeholder="Click a row, or choose a picture",
        format_func=names.__getitem__,
    )  # fmt: skip
    if path is None:
        return
    picture = next(picture for picture in pictures if picture.path == path)
    pixels = open_square(picture, geometry)
    if isinstance(pixels, Problem):
        show_error(f"{pixels.path}: {pixels.problem}.")
        return
    guess = by_path[path].guesses[0]
    words = f"{guess.name} {guess.probability:.0%}"
    answer = RunAnswer("Best guess", network.spec.name, run.name, pixels, guess.number, words)
    render_run_maps([answer], key="try_maps", heading="As the network gets it")
    link_to_attributions([summarise(run)], NewPicture(picture.path, picture.source), key="try_attributions")
