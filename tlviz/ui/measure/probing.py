"""The probing tasks of a text target on one chart: surface, grammar, meaning."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.diagnose.probing_words import how_to_read, in_words
from tlviz.diagnose.records import Profile
from tlviz.figures.probing import plot_probing
from tlviz.figures.theme import png_config
from tlviz.models.catalogue import find_model
from tlviz.ui.messages import plain

PROBING = "Probing tasks"


def render_probing(profile: Profile) -> None:
    """Draw the three tasks made from the target's own sentences, say what they show, and give the numbers."""
    st.markdown(f"**{plain(in_words(profile.probing))}**")
    target = dataset_title(profile.data)
    figure = plot_probing(profile.probing, f"What stages of {find_model(profile.model).title} tell of {target}")
    st.plotly_chart(figure, key="probing", config=png_config(f"probing-{profile.model}-{target}".replace(" ", "_")))
    st.caption(plain(how_to_read(profile.probing)))
    with st.expander("The numbers"):
        rows = [
            {"task": task, "stage": row.stage, "accuracy": row.accuracy, "standard error": row.se,
             "random weights": row.random, "its standard error": row.random_se, "chance": row.chance}
            for task, found in profile.probing.items()
            for row in found
        ]  # fmt: skip
        shares = {name: st.column_config.NumberColumn(format="percent") for name in list(rows[0])[2:]}
        st.dataframe(pd.DataFrame(rows), column_config=shares, hide_index=True)
