"""Ways from a run to the pages that look inside: source, target, picture and runs are set before the page opens."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.errors import BadSettingError
from tlviz.models.places import available_models
from tlviz.runs.summary import RunSummary
from tlviz.ui.clone import set_target
from tlviz.ui.compared import MOST_RUNS
from tlviz.ui.look_choice import View
from tlviz.ui.state import Key
from tlviz.ui.words import heed


def link_to_attributions(runs: Sequence[RunSummary], picture: str | None, *, key: str) -> None:
    """Offer the Attributions page with these runs, on a picture of their target."""
    if st.button(
        "Ask more on Attributions", icon=":material/center_focus_strong:", key=key, type="tertiary",
        on_click=heed, args=(_prepare, runs, picture),
        help="Opens the same picture with the pretrained network beside the runs: other methods, classes and stages.",
    ) and Key.TROUBLE not in st.session_state:  # fmt: skip
        st.switch_page("pages/attributions.py")


def link_to_feature_maps(runs: Sequence[RunSummary], *, key: str) -> None:
    """Offer the Feature maps page on the same layer before and after these runs."""
    if st.button(
        "Same layer before and after", icon=":material/visibility:", key=key, type="tertiary",
        on_click=heed, args=(_prepare_maps, runs),
        help="Opens Feature maps with the pretrained network beside up to three of these runs.",
    ) and Key.TROUBLE not in st.session_state:  # fmt: skip
        st.switch_page("pages/feature_maps.py")


def _prepare_maps(runs: Sequence[RunSummary]) -> None:
    _prepare(runs, None)
    st.session_state[Key.LOOK] = View.RUNS.value


def _prepare(runs: Sequence[RunSummary], picture: str | None) -> None:
    """Choose source and target of the first run, and of the runs those of the same network.

    Raises ``BadSettingError`` where the network is not on this machine.
    """
    first = runs[0]
    if first.model not in available_models():
        raise BadSettingError(f"The network {first.model} is not on this machine; download it on the Models page.")
    st.session_state[Key.SOURCE] = first.model
    set_target(first.data)
    st.session_state[Key.RUNS] = [run.run for run in runs if run.model == first.model][:MOST_RUNS]
    if picture is not None:
        st.session_state[Key.PICTURE] = picture
