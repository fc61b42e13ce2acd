"""One number a name, as bars from left to right."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import chart_text, run_colour, use_template

MOST_BARS = 40


def plot_counts(names: Sequence[str], values: Sequence[float], unit: str) -> go.Figure:
    """Draw one bar a name, in their order, the first forty of them."""
    shown = [chart_text(name) for name in names[:MOST_BARS]]
    figure = go.Figure(
        go.Bar(
            x=list(values[:MOST_BARS]),
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": run_colour(0)},
            customdata=shown,
            hovertemplate=f"%{{customdata}}: %{{x:.4g}} {unit}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(shown))), ticktext=shown)
    figure.update_xaxes(title=unit)
    figure.update_layout(height=100 + 24 * max(4, len(shown)), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return use_template(figure)
