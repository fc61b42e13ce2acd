"""A page that has nothing to show yet: what to do, and one button that does it."""

from __future__ import annotations

import streamlit as st

from tlviz.ui.address import go_to
from tlviz.ui.messages import plain


def render_invite(words: str, label: str, page: str, icon: str, *, key: str) -> None:
    """Say what to do, with a button that leads to where it is done, source and target kept."""
    st.info(plain(words), icon=icon)
    if st.button(label, type="primary", icon=":material/arrow_forward:", key=key):
        go_to(page)
