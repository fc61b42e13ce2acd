"""The curve of a profile that is still being measured: the stages that are known, on axes that do not move."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from tlviz.diagnose.early import EarlyStage
from tlviz.figures.theme import INK, run_colour, share_axis, stage_colours, use_template

HEIGHT = 260


def plot_early(stages: Sequence[str], found: Sequence[EarlyStage]) -> go.Figure:
    """Draw what is known so far of the backbone's ``stages``, all of which have their place from the start."""
    figure, by_name = go.Figure(), {stage.name: stage for stage in found}
    colours = dict(zip(stages, stage_colours(len(stages) + 1)[:-1], strict=True))
    known = [by_name[name] for name in stages if name in by_name]
    held = [stage for stage in known if stage.random is not None]
    figure.add_scatter(
        x=[stage.name for stage in held], y=[stage.random for stage in held], name="random weights",
        mode="lines+markers", line={"color": INK, "dash": "dot", "width": 2}, marker={"size": 5},
        hovertemplate="%{x}, random weights: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[stage.name for stage in known],
        y=[stage.probe for stage in known],
        error_y={"array": [stage.probe_se for stage in known], "thickness": 1.2, "width": 3},
        name="linear probe",
        mode="lines+markers",
        line={"color": run_colour(0), "width": 3},
        marker={"size": 10, "color": [colours[stage.name] for stage in known]},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    if known:
        figure.add_hline(y=known[0].chance, line={"width": 1, "dash": "dash", "color": INK})
    figure.update_xaxes(type="category", range=[-0.5, len(stages) - 0.5], tickvals=list(stages))
    figure.update_yaxes(title="probe accuracy", range=[0, 1.02], **share_axis())
    figure.update_layout(height=HEIGHT, margin={"l": 50, "r": 16, "t": 8, "b": 30}, showlegend=False)
    return use_template(figure)


def early_in_words(stages: Sequence[str], found: Sequence[EarlyStage]) -> str:
    """Say what is known so far and what is still to come."""
    if not found:
        return "The first stages appear here as soon as the pictures have been through the network."
    best = max(found, key=lambda stage: stage.probe)
    held = [stage for stage in found if stage.random is not None]
    words = f"So far: best at {best.name}, {best.probe:.1%} ± {best.probe_se:.1%}"
    if len(found) < len(stages):
        return f"{words}; {len(found)} of {len(stages)} stages are probed."
    if not held:
        return f"{words}. Next: random weights, which tell what of it pretraining brought."
    return f"{words}; dotted: random weights at {len(held)} of {len(stages)} stages, dashed: guessing."
