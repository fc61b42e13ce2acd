"""What happens inside a network while it trains, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from tlviz.figures.theme import stage_colours, use_template

HEAD = "head"


def plot_by_stage(
    epochs: Sequence[Mapping[str, Any]], measure: str, stages: Sequence[str], title: str, *, is_log: bool
) -> go.Figure:
    """Draw one line a stage over the epochs, in the stage's own colour.

    ``epochs`` are the events of a run; ``measure`` names their field with one number a stage.
    """
    figure = go.Figure()
    backbone = [stage for stage in stages if stage != HEAD]
    colours = dict(zip([*backbone, HEAD], stage_colours(len(backbone) + 1), strict=True))
    for stage, colour in ((stage, colours[stage]) for stage in stages):
        points = [(e["epoch"], e[measure][stage]) for e in epochs if (e.get(measure) or {}).get(stage)]
        if points:
            figure.add_scatter(
                x=[x for x, _ in points],
                y=[y for _, y in points],
                mode="lines+markers",
                name=stage,
                line={"color": colour},
                hovertemplate=f"{stage}, epoch %{{x}}: %{{y:.3g}}<extra></extra>",
            )
    last = max((epoch["epoch"] for epoch in epochs), default=0)
    figure.update_xaxes(title="epoch", tickformat="d", dtick=max(1, last // 10))
    figure.update_yaxes(title=title, type="log" if is_log else "linear", exponentformat="power")
    figure.update_layout(height=270, margin={"l": 10, "r": 10, "t": 10, "b": 10}, uirevision=measure)
    return use_template(figure)


def plot_similarity(similarity: Mapping[str, float | None]) -> go.Figure:
    """Draw how alike each backbone stage's features are to the pretrained ones: bars in the stages' colours."""
    names = list(similarity)
    figure = go.Figure(
        go.Bar(
            x=names,
            y=[similarity[name] for name in names],
            marker={"color": stage_colours(len(names) + 1)[:-1]},
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(title="similarity (CKA)", range=[0, 1.02])
    figure.update_xaxes(type="category")
    figure.update_layout(height=240, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return use_template(figure)
