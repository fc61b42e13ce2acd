"""Ways from a run to the pages that look inside: source, target, picture and runs are set before the page opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from tlviz.errors import BadPictureError, BadSettingError
from tlviz.models.local_weights import available_models
from tlviz.runs.summary import RunSummary
from tlviz.ui.address import go_to
from tlviz.ui.before_after import MOST_RUNS
from tlviz.ui.feature_maps.choice import View
from tlviz.ui.finetune.clone import set_target
from tlviz.ui.messages import heed
from tlviz.ui.pick_picture import Handed
from tlviz.ui.state import Key

RUNS_VIEW = "runs_view"
NOTES, TRY = "Notes and actions", "Try it"
"""The views of a run on the Runs page."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that is not of the target: its file or its content."""

    name: str
    source: Path | bytes


def link_to_attributions(runs: Sequence[RunSummary], picture: str | NewPicture, *, key: str) -> None:
    """Offer the Attributions page with these runs, on a picture of their target by name, or on a new one."""
    if st.button(
        "Open in Attributions", icon=":material/center_focus_strong:", key=key, type="tertiary",
        on_click=heed, args=(_prepare, runs, picture),
        help="Opens the same picture with the pretrained network beside the runs: other methods, classes and stages.",
    ) and Key.TROUBLE not in st.session_state:  # fmt: skip
        go_to("pages/attributions.py")


def link_to_feature_maps(runs: Sequence[RunSummary], *, key: str) -> None:
    """Offer the Feature maps page on the same layer before and after these runs."""
    if st.button(
        "Same layer before and after", icon=":material/visibility:", key=key, type="tertiary",
        on_click=heed, args=(_prepare_maps, runs),
        help="Opens Feature maps with the pretrained network beside up to three of these runs.",
    ) and Key.TROUBLE not in st.session_state:  # fmt: skip
        go_to("pages/feature_maps.py")


def link_to_try(run: RunSummary, item: str, *, key: str) -> None:
    """Offer the place of the Runs page where a run answers for new pictures."""
    if st.button(
        f"Try a {item}", icon=":material/add_photo_alternate:", key=key, type="tertiary", on_click=_prepare_try,
        args=(run,), help=f"Opens Runs, where you give a {item} and read what this run answers.",
    ):  # fmt: skip
        go_to("pages/runs.py")


def _prepare_try(run: RunSummary) -> None:
    st.session_state[Key.RUN] = run.run
    st.session_state[RUNS_VIEW] = TRY


def _prepare_maps(runs: Sequence[RunSummary]) -> None:
    _prepare_runs(runs)
    set_target(runs[0].data)
    st.session_state[Key.LOOK] = View.RUNS.value


def _prepare(runs: Sequence[RunSummary], picture: str | NewPicture) -> None:
    """Choose runs and picture; the target is the runs' where the picture is of it.  Raises ``TlvizError``."""
    handed = _read(picture) if isinstance(picture, NewPicture) else None
    _prepare_runs(runs)
    st.session_state[Key.HANDED] = handed
    if isinstance(picture, str):
        set_target(runs[0].data)
        st.session_state[Key.PICTURE] = picture


def _prepare_runs(runs: Sequence[RunSummary]) -> None:
    """Choose the source of the first run, and of the runs those of the same network.

    Raises ``BadSettingError`` where the network is not on this machine.
    """
    first = runs[0]
    if first.model not in available_models():
        raise BadSettingError(f"The network {first.model} is not on this machine; download it on the Models page.")
    st.session_state[Key.SOURCE] = first.model
    st.session_state[Key.RUNS] = [run.run for run in runs if run.model == first.model][:MOST_RUNS]


def _read(picture: NewPicture) -> Handed:
    try:
        content = picture.source if isinstance(picture.source, bytes) else picture.source.read_bytes()
    except OSError as error:
        raise BadPictureError(f"{picture.name} cannot be read: {error.strerror or error}.") from error
    return Handed(picture.name, content)
