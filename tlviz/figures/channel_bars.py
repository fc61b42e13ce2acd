"""How strongly a channel answers to each class."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import run_colour, use_template

MOST_BARS = 8
_OTHERS = "rgba(128,128,128,0.55)"
_MORE, _LESS = "#c2423f", "#3b7fb8"
_ROOM = 1.05
"""The longest bar ends a little before the chart does."""


def plot_class_means(classes: Sequence[str], means: Sequence[float], most: float | None = None) -> go.Figure:
    """Draw one bar a class, the strongest first and in colour; beyond eight classes the strongest eight.

    ``most`` is where the scale ends, so that several charts can share it.
    """
    order = sorted(range(len(classes)), key=lambda at: (-means[at] if means[at] == means[at] else 1.0, at))[:MOST_BARS]
    figure = _bars(classes, means, order, [run_colour(0), *[_OTHERS] * (len(order) - 1)], "%{x:.3g}")
    figure.update_xaxes(rangemode="tozero", nticks=4)
    if most:
        figure.update_xaxes(range=[0, most * _ROOM])
    return figure


def plot_class_changes(classes: Sequence[str], changes: Sequence[float], most: float) -> go.Figure:
    """Draw how much more (red, to the right) or less (blue) a channel answers to each class, the largest change first.

    ``most`` is where the scale ends on both sides.
    """
    known = [at for at in range(len(classes)) if changes[at] == changes[at]]
    order = sorted(known, key=lambda at: (-abs(changes[at]), at))[:MOST_BARS]
    figure = _bars(classes, changes, order, [_MORE if changes[at] > 0 else _LESS for at in order], "%{x:+.3g}")
    reach = most * _ROOM or 1.0
    figure.update_xaxes(range=[-reach, reach], nticks=4, zeroline=True)
    return figure


def _bars(
    classes: Sequence[str], values: Sequence[float], order: Sequence[int], colours: Sequence[str], said: str
) -> go.Figure:
    places = list(range(len(order)))
    figure = go.Figure(
        go.Bar(
            y=places,
            x=[values[at] for at in order],
            customdata=[html.escape(classes[at]) for at in order],
            orientation="h",
            marker={"color": list(colours)},
            hovertemplate=f"%{{customdata}}: {said}<extra></extra>",
        )
    )
    names = [html.escape(classes[at] if len(classes[at]) <= 16 else f"{classes[at][:15]}…") for at in order]
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=names, title=None)
    figure.update_layout(height=46 + 17 * max(4, len(order)), margin={"l": 6, "r": 6, "t": 4, "b": 4})
    return use_template(figure)
