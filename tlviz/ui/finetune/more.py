"""What most people leave alone in a run: what trains, rates over time, images, regularisation, the machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tlviz.data.training.splits import SplitPlan
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import Group
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec, Stage
from tlviz.ui.finetune.what_trains import render_what_trains
from tlviz.ui.state import Key
from tlviz.ui.target.views import chosen_plan, describe_plan
from tlviz.ui.widgets.fields import with_current
from tlviz.ui.widgets.settings import draw_group

IMAGE_SIZES = (96, 128, 160, 192, 224, 256, 320)
TABS = (Group.IMAGES, Group.REGULARISATION, Group.TRAINING, Group.RATES, Group.TRAINS)


def render_more(model: str, parts: Sequence[str], stages: Sequence[Stage], epochs: int) -> dict[str, Any]:
    """Draw the rare settings, a tab for each group, and return what was chosen."""
    chosen: dict[str, Any] = {}
    for group, tab in zip(TABS, st.tabs([group.value for group in TABS]), strict=True):
        with tab:
            if group is Group.IMAGES:
                chosen |= _images(find_model(model), chosen_plan(parts))
            if group is Group.TRAINS:
                chosen |= render_what_trains(stages, epochs)
            chosen |= draw_group(group)
    return chosen


def _images(spec: ModelSpec, plan: SplitPlan) -> dict[str, Any]:
    """Draw the image size, and return it with what was chosen on the Target page."""
    own_size = spec.preprocessing.size
    sizes = sorted({own_size, *(size for size in with_current(IMAGE_SIZES, "image_size") if spec.takes(size))})
    row = SETTINGS["image_size"]
    size = st.selectbox(
        row.label, sizes, index=sizes.index(own_size), key=row.name, persist_state="session", help=row.help
    )
    if plan != SplitPlan():
        st.caption(describe_plan(plan))
    return {
        "image_size": size,
        "test_share": plan.test_share,
        "labels_per_class": plan.labels_per_class,
        "flip": st.session_state.get(Key.FLIP),
    }
