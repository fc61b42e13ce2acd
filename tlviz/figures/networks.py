"""Which source fits a target best: every network's best probe with its standard error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tlviz.diagnose.records import Contest
from tlviz.figures.theme import PNG_ROOM, run_colour, share_axis, use_template

ROW_HEIGHT = 44
LEAST_SPAN = 0.1
"""The accuracy axis spans at least this much."""


def ranked(contests: Sequence[Contest]) -> list[Contest]:
    """Return the networks, the best first; equal ones by their names."""
    return sorted(contests, key=lambda contest: (-contest.probe, contest.model))


def fit_in_words(contests: Sequence[Contest], titles: Mapping[str, str]) -> str:
    """Say which network fits best, or which ones are tied, by the paired differences on the same images."""
    order = ranked(contests)
    best, others = order[0], order[1:]
    name = titles.get(best.model, best.model)
    if not others:
        return f"{name} reaches {best.probe:.0%} ± {best.probe_se:.0%} at {best.stage}; measure another to compare."
    tied = [other for other in others if other.is_tied]
    if tied:
        names = [name, *(titles.get(other.model, other.model) for other in tied)]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"A tie: {listed} are not distinguishable (best {best.probe:.0%})."
    second = others[0]
    return (
        f"{name} fits best: {best.probe:.0%} at {best.stage}, {100 * second.behind:.1f} ± {100 * second.behind_se:.1f} "
        f"points above {titles.get(second.model, second.model)}."
    )


def plot_networks(contests: Sequence[Contest], titles: Mapping[str, str]) -> go.Figure:
    """Draw a dot a network with its standard error, the best on top; those tied with it are filled."""
    order = ranked(contests)[::-1]
    best = ranked(contests)[0].model
    figure = go.Figure(
        go.Scatter(
            x=[contest.probe for contest in order],
            y=[titles.get(contest.model, contest.model) for contest in order],
            error_x={"type": "data", "array": [contest.probe_se for contest in order], "thickness": 1.5},
            mode="markers",
            marker={
                "size": 13,
                "color": run_colour(0),
                "line": {"width": 2, "color": run_colour(0)},
                "symbol": ["circle" if c.is_tied or c.model == best else "circle-open" for c in order],
            },
            customdata=[(c.stage, c.probe_se, 100 * c.behind, 100 * c.behind_se) for c in order],
            hovertemplate="%{y}: %{x:.1%} ± %{customdata[1]:.1%} at %{customdata[0]}<br>"
            "%{customdata[2]:.1f} ± %{customdata[3]:.1f} points behind the best<extra></extra>",
        )
    )
    figure.update_xaxes(title="best probe accuracy", **share_axis())
    low, high = min(c.probe - c.probe_se for c in order), max(c.probe + c.probe_se for c in order)
    if high - low < LEAST_SPAN:  # else several ticks would read the same
        middle = (low + high) / 2
        figure.update_xaxes(range=[middle - LEAST_SPAN / 2, middle + LEAST_SPAN / 2])
    figure.update_yaxes(type="category")
    figure.update_layout(height=110 + ROW_HEIGHT * len(order), margin={"l": 10, "r": 10, "t": PNG_ROOM, "b": 10})
    return use_template(figure)
