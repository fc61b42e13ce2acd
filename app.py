"""tlviz: the page table.  Start it with ``streamlit run app.py``."""

import streamlit as st

from tlviz.home import ASSETS
from tlviz.ui.frame import render_frame

st.set_page_config(page_title="tlviz", page_icon=str(ASSETS / "pictures" / "icon.png"), layout="wide")

page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page("pages/feature_maps.py", title="Feature maps", icon=":material/visibility:"),
        st.Page("pages/finetune.py", title="Fine-tune", icon=":material/model_training:"),
        st.Page("pages/export.py", title="Export", icon=":material/download:"),
    ]
)
render_frame()
page.run()
