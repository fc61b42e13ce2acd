"""The probing tasks of a text target on one chart: what each stage tells of a sentence, beside random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tlviz.diagnose.records import ProbedTask
from tlviz.figures.theme import chart_text, run_colour, share_axis, use_template

HEIGHT = 380
_WIDTH, _RANDOM_WIDTH = 2.6, 1.4


def plot_probing(probing: Mapping[str, Sequence[ProbedTask]], title: str) -> go.Figure:
    """Draw each task's balanced accuracy by stage with its standard error, and random weights dotted in its colour."""
    figure = go.Figure()
    for at, (task, rows) in enumerate(probing.items()):
        colour, stages = run_colour(at), [row.stage for row in rows]
        figure.add_scatter(
            x=stages,
            y=[row.random for row in rows],
            name=f"{task}, random weights",
            mode="lines",
            line={"color": colour, "width": _RANDOM_WIDTH, "dash": "dot"},
            customdata=[row.random_se for row in rows],
            hovertemplate=f"{task} at %{{x}}, random weights: %{{y:.1%}} ± %{{customdata:.1%}}<extra></extra>",
        )
        figure.add_scatter(
            x=stages,
            y=[row.accuracy for row in rows],
            error_y={"type": "data", "array": [row.se for row in rows], "thickness": 1.2, "width": 3},
            name=task,
            mode="lines+markers",
            line={"color": colour, "width": _WIDTH},
            marker={"size": 8, "color": colour},
            customdata=[[row.se, row.chance] for row in rows],
            hovertemplate=(
                f"{task} at %{{x}}: %{{y:.1%}} ± %{{customdata[0]:.1%}}, chance %{{customdata[1]:.1%}}<extra></extra>"
            ),
        )
    figure.update_yaxes(title="balanced accuracy", **share_axis())
    figure.update_xaxes(title="stage", type="category")
    figure.update_layout(title=chart_text(title), height=HEIGHT, legend={"traceorder": "normal"})
    return use_template(figure)
