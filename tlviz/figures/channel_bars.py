"""How strongly a channel answers to each class."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import run_colour, use_template

MOST_BARS = 8
_OTHERS = "rgba(128,128,128,0.55)"


def plot_class_means(classes: Sequence[str], means: Sequence[float]) -> go.Figure:
    """Draw one bar a class, the strongest first and in colour; beyond eight classes the strongest eight."""
    order = sorted(range(len(classes)), key=lambda at: (-means[at] if means[at] == means[at] else 1.0, at))[:MOST_BARS]
    places = list(range(len(order)))
    figure = go.Figure(
        go.Bar(
            y=places,
            x=[means[at] for at in order],
            customdata=[html.escape(classes[at]) for at in order],
            orientation="h",
            marker={"color": [run_colour(0), *[_OTHERS] * (len(order) - 1)]},
            hovertemplate="%{customdata}: %{x:.3g}<extra></extra>",
        )
    )
    names = [html.escape(classes[at] if len(classes[at]) <= 16 else f"{classes[at][:15]}…") for at in order]
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=names, title=None)
    figure.update_xaxes(rangemode="tozero", nticks=4)
    figure.update_layout(height=46 + 17 * max(4, len(order)), margin={"l": 6, "r": 6, "t": 4, "b": 4})
    return use_template(figure)
