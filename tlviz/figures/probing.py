"""The three probing tasks of a text target on one chart: where surface, grammar and meaning are read best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from tlviz.diagnose.records import ProbedTask
from tlviz.figures.theme import LEGEND_ABOVE, run_colour, use_template

HEIGHT = 360
ASKED = {
    "surface": "length, in thirds",
    "grammar": "were two neighbouring words swapped?",
    "meaning": "the target's label",
}
"""What each task asks of a text."""
_SYMBOLS = ("circle", "diamond", "square")
Probing = Mapping[str, Sequence[ProbedTask]]


def plot_probing(probing: Probing) -> go.Figure:
    """Draw the accuracy of each task at every stage with its standard error, dotted the same of random weights."""
    figure = go.Figure()
    for at, (task, rows) in enumerate(probing.items()):
        colour, names = run_colour(at), [row.stage for row in rows]
        figure.add_scatter(
            x=names,
            y=[row.random for row in rows],
            name=f"{task}, random weights",
            mode="lines",
            line={"color": colour, "dash": "dot", "width": 1.4},
            showlegend=False,
            hovertemplate=f"{task}, %{{x}}, random weights: %{{y:.1%}}<extra></extra>",
        )
        figure.add_scatter(
            x=names,
            y=[row.accuracy for row in rows],
            error_y={"type": "data", "array": [row.se for row in rows], "thickness": 1, "width": 2},
            name=f"{task}: {ASKED.get(task, '')}".rstrip(": "),
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"symbol": _SYMBOLS[at % len(_SYMBOLS)], "size": 8, "color": colour},
            customdata=[[row.se, row.chance] for row in rows],
            hovertemplate=f"{task}, %{{x}}: %{{y:.1%}} ± %{{customdata[0]:.1%}} (chance %{{customdata[1]:.0%}})"
            "<extra></extra>",
        )
    figure.update_yaxes(tickformat=".0%", title="accuracy of a probe")
    figure.update_xaxes(title="stage")
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 58, "r": 20, "t": 60, "b": 40}, legend=LEGEND_ABOVE
    )
    return use_template(figure)


def probing_in_words(probing: Probing) -> str:
    """Say where each task is read best, in which order of depth, and which gain over random weights is noise.

    A gain is noise where it is no larger than the standard error of the difference; '' where nothing was probed.
    """
    if not probing:
        return ""
    told, depths, unsure = [], {}, []
    for task, rows in probing.items():
        best = max(rows, key=lambda row: row.accuracy)
        depths[task] = rows.index(best)
        told.append(f"{task} at {best.stage} ({best.accuracy:.0%}, random weights {best.random:.0%})")
        if best.accuracy - best.random <= (best.se**2 + best.random_se**2) ** 0.5:
            unsure.append(task)
    words = f"Read best: {', '.join(told)}. {_order(depths)}"
    if unsure:
        words += f" For {' and '.join(unsure)} pretraining adds no more than a standard error over random weights."
    return words


def _order(depths: Mapping[str, int]) -> str:
    """Say whether the tasks are read best ever deeper, as the course has it."""
    places = list(depths.values())
    if len(places) < 2:
        return ""
    if all(before < after for before, after in pairwise(places)):
        return f"The order of depth is that of the course: {', then '.join(depths)}."
    if all(before <= after for before, after in pairwise(places)):
        return (
            f"None is read best before the one that the course has before it ({', '.join(depths)}), but not all apart."
        )
    ordered = sorted(depths, key=lambda task: depths[task])
    return f"The order of depth here is {', '.join(ordered)}; the course has {', '.join(depths)}."
