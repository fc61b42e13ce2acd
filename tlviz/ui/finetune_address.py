"""A run's plan in the address bar: strategy, depth and rates, so that a link prepares the Fine-tune page."""

from __future__ import annotations

import streamlit as st

from tlviz.ui.state import Key

_RATES = (Key.HEAD_LR, Key.BACKBONE_LR)
_PLAN = (Key.STRATEGY, Key.FREEZE, *_RATES)


def take_plan(stage_count: int) -> None:
    """Take the depth and the rates that the address asks for; a depth that the network does not have is not taken.

    A rate that is no number is taken, and the page says so.
    """
    depth = st.query_params.get(Key.FREEZE, "")
    if depth.isdecimal() and len(depth) < 5 and int(depth) < stage_count:
        st.session_state[Key.FREEZE] = int(depth)
    for key in _RATES:
        if key in st.query_params:
            st.session_state[key] = st.query_params[key]


def plan_to_address() -> None:
    """Write the plan on the page into the address bar."""
    for key in _PLAN:
        value = str(st.session_state[key])
        if st.query_params.get(key) != value:
            st.query_params[key] = value
