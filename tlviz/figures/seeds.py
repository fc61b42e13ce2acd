"""Every seed of every value as a dot, with the mean and its standard error: what luck alone does."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tlviz.figures.theme import close_range, register_template, run_colour, share_axis
from tlviz.runs.races.standings import Standing

_ROW = 30
_SPREAD = 0.24
"""How far above and below its row the dots of seeds lie, so that equal ones are seen."""


def seed_offsets(count: int) -> list[float]:
    """Return where the dots of one row lie across it, evenly and around its middle."""
    return [_SPREAD * (2 * at / (count - 1) - 1) for at in range(count)] if count > 1 else [0.0]


def plot_seeds(ranked: Sequence[Standing], places: Mapping[str, int], revision: str) -> go.Figure:
    """Draw a row for each value that has a result, the best on top: its seeds as dots, mean ± error as a whisker.

    ``places`` holds the place of each value's colour by its words.
    """
    known = [standing for standing in ranked if standing.accuracy is not None]
    traces: list[dict[str, object]] = []
    for at, standing in enumerate(known):
        traces += _row(at, standing, run_colour(places.get(standing.words, at)))
    ends = [s.accuracy + side * (s.error or 0.0) for s in known for side in (-1, 1) if s.accuracy is not None]
    shown = [*(score for standing in known for _, score in standing.scores), *(min(1.0, max(0.0, end)) for end in ends)]
    names = [html.escape(standing.words) for standing in known]
    layout = {
        "template": register_template(),
        "height": 60 + _ROW * max(1, len(known)),
        "showlegend": False,
        "margin": {"l": 10, "r": 10, "t": 6, "b": 40},
        "xaxis": {"title": {"text": "best validation accuracy"}} | share_axis() | {"range": close_range(shown, 0.05)},
        "yaxis": {
            "tickvals": list(range(len(known))), "ticktext": names, "range": [len(known) - 0.5, -0.5],
            "showgrid": False, "fixedrange": True,
        },
        "uirevision": revision,
        "hovermode": "closest",
    }  # fmt: skip
    return go.Figure({"data": traces, "layout": layout}, skip_invalid=False)


def _row(at: int, standing: Standing, colour: str) -> list[dict[str, object]]:
    words, offsets = html.escape(standing.words), seed_offsets(len(standing.scores))
    dots: dict[str, object] = {
        "type": "scatter",
        "mode": "markers",
        "name": words,
        "x": [score for _, score in standing.scores],
        "y": [at + offset for offset in offsets],
        "customdata": [seed for seed, _ in standing.scores],
        "marker": {"size": 9, "color": colour, "opacity": 0.75},
        "hovertemplate": f"{words}, seed %{{customdata}}: %{{x:.1%}}<extra></extra>",
    }
    mean: dict[str, object] = {
        "type": "scatter",
        "mode": "markers",
        "name": f"{words}: mean",
        "x": [standing.accuracy],
        "y": [at],
        "marker": {"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": colour}, "color": colour},
        "error_x": {"type": "data", "array": [standing.error or 0.0], "color": colour, "thickness": 2, "width": 6},
        "hovertemplate": f"{words}: mean %{{x:.1%}} ± {standing.error or 0:.1%}<extra></extra>",
    }
    return [mean, dots]
