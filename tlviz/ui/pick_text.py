"""Which sentence the looking pages show: one of the target, which a person may edit, or one of their own."""

from __future__ import annotations

import streamlit as st

from tlviz.data.images import open_target
from tlviz.data.texts.source import TextSource
from tlviz.ui.messages import plain
from tlviz.ui.state import key_of

OFFERED = 50
"""Sentences of the target that are offered."""


def pick_text(data: str) -> str:
    """Draw the choice and return the sentence."""
    texts = _texts(data)
    chosen = st.selectbox(
        "Sentence", range(len(texts)), key="text_at", persist_state="session",
        format_func=lambda at: plain(f"{texts[at][0]}: {texts[at][1]}"),
    )  # fmt: skip
    written = texts[chosen or 0][1] if texts else ""
    return str(
        st.text_area("Edit it, or write your own", written, key=key_of("text", str(chosen)), persist_state="session")
    )


@st.cache_data(max_entries=8, ttl=60, show_spinner=False)
def _texts(data: str) -> list[tuple[str, str]]:
    """Return some texts of a target with their labels, spread over it."""
    target = open_target(data)
    step = max(1, len(target.sources) // OFFERED)
    rows = range(0, len(target.sources), step)
    found = [(target.classes[target.labels[at]], target.sources[at]) for at in rows]
    return [(label, source.text) for label, source in found if isinstance(source, TextSource)][:OFFERED]
