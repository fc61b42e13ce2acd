"""A line of words with buttons at its end, whose words are never cut."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def words_and_buttons(align: Literal["center", "bottom"] = "center") -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a place for words, or a bar, and beside it one for buttons: they keep their width, the words get the rest.

    Columns of fixed shares cut the words of buttons in a narrow window.
    """
    row = st.container(horizontal=True, vertical_alignment=align, wrap=False)
    words = row.container(width="stretch")
    return words, row.container(horizontal=True, wrap=False, width="content", vertical_alignment=align)
