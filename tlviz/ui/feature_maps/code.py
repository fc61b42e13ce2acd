"""*Show code* of the feature maps page: the lines for each of its views."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tlviz.api.snippets import Snippet, feature_maps_code
from tlviz.ui.feature_maps.choice import ALL, View
from tlviz.ui.feature_maps.views import MapView
from tlviz.ui.pick_picture import looked_at
from tlviz.ui.state import Key

_EDITS = {"right": 0, "down": 0, "blur": 0, "grey": 0, "hue": 0, "cover": 0, "cover_x": 50, "cover_y": 50}
"""The sliders of a changed picture, and where each changes nothing."""


def maps_code(scene: MapView, view: View, data: str) -> Snippet:
    """Return the lines that make what a view shows."""
    choice, state = scene.choice, st.session_state
    runs = [run.name for run in choice.runs]
    if view is View.RUNS:
        runs = list(state.get(Key.RUNS) or ())
    more: dict[str, Any] = {}
    if view is View.ONE:
        more["channel"] = int(state[Key.CHANNEL])
    if view is View.FIELD:
        more["position"] = (int(state[Key.AT_Y]), int(state[Key.AT_X]))
    if view is View.TWO:
        more["second"] = looked_at(choice.model, data, (), Key.SECOND, Key.SECOND_UPLOAD)
    if view is View.CHANGE:
        more["edit"] = {name: state[name] for name, usual in _EDITS.items() if state.get(name, usual) != usual}
    return feature_maps_code(
        looked_at(choice.model, data, runs),
        stage=None if choice.stage == ALL else choice.stage,
        layer=choice.layer or None,
        order=choice.order,
        numbers=choice.numbers,
        **more,
    )
