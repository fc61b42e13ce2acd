"""Ways on: links into pages with everything set, and words with their definitions."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.learn.cards import Link
from tlviz.learn.words import define
from tlviz.ui.messages import plain


def render_links(links: Sequence[Link]) -> None:
    """Draw links beside one another."""
    if not links:
        return
    with st.container(horizontal=True):
        for link in links:
            st.page_link(
                f"pages/{link.page}.py", label=plain(link.label), icon=":material/arrow_forward:",
                query_params=link.query,
            )  # fmt: skip


def render_words(terms: Sequence[str]) -> None:
    """Draw words, each with its definition on hover; one that is in no table says so."""
    with st.container(horizontal=True):
        for term in terms:
            try:
                said = define(term)
            except TlvizError as error:
                said = plain(str(error))
            st.caption(plain(term), help=said, width="content")
