"""A run's plan in the address bar: strategy, frozen stages and rates, so that a link prepares the Fine-tune page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.finetune.choices import StageRates
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import former_names
from tlviz.ui.messages import plain
from tlviz.ui.state import Key

_PLAN = [row for row in SETTINGS.values() if row.in_link]
_TEXTS = (Key.HEAD_LR, Key.BACKBONE_LR, Key.UNFREEZE)


def take_plan(stages: Sequence[str]) -> None:
    """Take the plan that the address asks for; a depth or a stage that the network does not have is not taken.

    A rate that is no number and a schedule that is none are taken, and the page says so.
    """
    depth = st.query_params.get(Key.FREEZE, "")
    if depth.isdecimal() and len(depth) < 5 and int(depth) < len(stages):
        st.session_state[Key.FREEZE] = int(depth)
    _take_former_names()
    for key in _TEXTS:
        if key in st.query_params:
            st.session_state[key] = st.query_params[key]
    if st.query_params.get(Key.STAGE_RATES) in list(StageRates):
        st.session_state[Key.STAGE_RATES] = StageRates(st.query_params[Key.STAGE_RATES])
    _take_frozen(stages[:-1])


def plan_to_address() -> None:
    """Write the plan on the page into the address bar; what is left to the handle and the strategy is not in it."""
    for row in _PLAN:
        key, held = row.name, st.session_state[row.name]
        value = ",".join(held) if row.kind is tuple else str(held)
        if not value:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != value:
            st.query_params[key] = value


def _take_former_names() -> None:
    """Bring what a link of an earlier version holds under its present name."""
    for former, name in former_names(SETTINGS).items():
        if former in st.query_params:
            st.query_params.setdefault(name, st.query_params[former])
            del st.query_params[former]


def _take_frozen(backbone: Sequence[str]) -> None:
    asked = list(dict.fromkeys(filter(None, st.query_params.get(Key.FROZEN, "").split(","))))
    unknown = [name for name in asked if name not in backbone]
    if unknown:
        st.warning(f"The link freezes '{plain(unknown[0])}', which is no backbone stage here; the handle decides.")
        return
    st.session_state[Key.FROZEN] = asked
