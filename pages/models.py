"""Models: which networks are there?"""

import streamlit as st

from tlviz.api.snippets import models_code
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.models.cards import render_card, render_comparison, render_damaged
from tlviz.ui.models.checkpoint_import import render_import
from tlviz.ui.models.table import chosen_models, render_choice, render_filters
from tlviz.ui.widgets.show_code import render_code


def page() -> None:
    page_title("Models")
    chosen = chosen_models()
    render_choice(render_filters())
    if not chosen:
        st.info("Choose a network in the table or the chart; choose two to compare them.", icon=":material/touch_app:")
    columns = st.columns(max(1, len(chosen)), gap="medium")
    for column, spec in zip(columns, chosen, strict=False):
        with column:
            render_card(spec)
    if chosen:
        render_comparison(chosen)
        render_code(models_code([spec.name for spec in chosen]))
    render_damaged()
    render_import()


guarded(page)
