"""A chart that grows while a person looks at it: in place, so that zoom and hover stay.

``st.plotly_chart`` hashes the figure into its identity (Streamlit 1.67), so every new point builds it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.figures.race import empty_chart
from tlviz.figures.theme import chart_config

_STATIC = Path(__file__).parent / "static"
_LIBRARY = "chart_library"

_component = st.components.v2.component(
    "tlviz_live_chart",
    html='<div class="live-chart" style="width:100%"></div>',
    js=(_STATIC / "live_chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly writes its own into the page
)


def render_live_chart(figure: Mapping[str, Any], *, key: str) -> None:
    """Draw a figure given as ``browser_data``, or bring the one of this key up to date.

    Its layout has a height.  The page calls ``load_chart_library`` once, below it.
    """
    _component(key=key, data={"figure": figure, "config": chart_config()})


def load_chart_library() -> None:
    """Have the browser fetch Streamlit's copy of Plotly, by a chart that is not shown."""
    st.html(f"<style>.st-key-{_LIBRARY} {{display: none}}</style>")
    with st.container(key=_LIBRARY):
        st.plotly_chart(empty_chart(), key=f"{_LIBRARY}_chart")
