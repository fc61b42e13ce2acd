"""Figures as parts of one HTML file that needs no network."""

from __future__ import annotations

import plotly.graph_objects as go
import plotly.io as pio
from plotly.offline import get_plotlyjs

from tlviz.figures.theme import chart_config

# A chart is drawn while the page is still being read: what comes beside it later takes some of its room.
_FITTING = (
    '<script>addEventListener("load", () => document.querySelectorAll(".js-plotly-plot")'
    ".forEach(chart => Plotly.Plots.resize(chart)))</script>"
)


def chart_library() -> str:
    """Return the script that every chart of a file needs, once."""
    return f'<script charset="utf-8">{get_plotlyjs()}</script>{_FITTING}'


def chart_part(figure: go.Figure, name: str) -> str:
    """Return an interactive figure as HTML, to be put after ``chart_library``; ``name`` is its id in the file."""
    content: str = pio.to_html(
        figure,
        include_plotlyjs=False,
        full_html=False,
        div_id=name,
        config=chart_config() | {"responsive": True},
        default_width="100%",
    )
    return content
