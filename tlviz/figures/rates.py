"""The curve of a learning-rate range test."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import run_colour, use_template


def plot_range_test(rates: Sequence[float], losses: Sequence[float], suggested: float | None) -> go.Figure:
    """Draw the smoothed loss against the rate, and the suggested rate as a star."""
    figure = go.Figure(
        go.Scatter(
            x=list(rates),
            y=list(losses),
            mode="lines",
            line={"color": run_colour(0)},
            showlegend=False,
            hovertemplate="rate %{x:.1e}: loss %{y:.3f}<extra></extra>",
        )
    )
    if suggested is not None:
        at = min(range(len(rates)), key=lambda i: abs(rates[i] - suggested))
        figure.add_scatter(
            x=[rates[at]],
            y=[losses[at]],
            mode="markers",
            marker={"symbol": "star", "size": 15, "color": run_colour(1)},
            showlegend=False,
            hovertemplate="suggested: %{x:.1e}<extra></extra>",
        )
    figure.update_xaxes(type="log", title="head rate", exponentformat="power", dtick=1)
    figure.update_yaxes(title="loss", rangemode="tozero")
    figure.update_layout(height=230, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return use_template(figure)
