"""How many images each class has, and in which part they are."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import LEGEND_ABOVE, run_colour, use_template

MOST_BARS = 40
PARTS = (("training", "", 0), ("validation", "/", 1), ("test", "x", 2))


def plot_class_bars(classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> go.Figure:
    """Draw one bar a class, stacked by part: ``counts`` holds, for each part, one number a class.

    The first 40 classes are drawn; parts differ in colour and pattern.
    """
    names = [html.escape(name) for name in classes[:MOST_BARS]]  # a chart would take <b> for bold
    places = list(range(len(names)))
    figure = go.Figure()
    for part, pattern, colour in PARTS:
        values = list(counts.get(part, ()))[:MOST_BARS]
        if sum(values):
            figure.add_bar(
                y=places,
                customdata=names,
                x=values,
                name=part,
                orientation="h",
                marker={"color": run_colour(colour), "pattern": {"shape": pattern, "solidity": 0.25}},
                hovertemplate=f"%{{customdata}}: %{{x}} for {part}<extra></extra>",
            )
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=names, title=None)
    figure.update_xaxes(title="images")
    figure.update_layout(
        barmode="stack",
        height=90 + max(8, len(names)) * 22,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend=LEGEND_ABOVE | {"traceorder": "normal"},
    )
    return use_template(figure)
