"""The three probing tasks of a text target on the Measure page."""

from __future__ import annotations

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.diagnose.records import Profile
from tlviz.figures.probing import plot_probing, probing_in_words
from tlviz.figures.theme import png_config
from tlviz.ui.messages import plain


def render_probing(profile: Profile) -> None:
    """Draw what is read at which depth, with its caption; nothing where the target has no probing tasks."""
    if not profile.probing:
        return
    st.header("Words, grammar, meaning", anchor=False)
    name = f"probing-{profile.model}-{dataset_title(profile.data)}".replace(" ", "_")
    st.plotly_chart(plot_probing(profile.probing), key="probing_tasks", config=png_config(name))
    st.caption(plain(probing_in_words(profile.probing)))
    st.caption(
        "Three questions about the target's own sentences, each put to a linear probe at every stage (after Conneau et "
        "al. 2018); bars are one standard error, dotted lines the same probe on random weights."
    )
