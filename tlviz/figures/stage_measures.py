"""What is measured stage by stage beside the probe: likeness, distance to the source, dimension, gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale, unlabel_rgb

from tlviz.figures.theme import INK, LEGEND_ABOVE, PNG_ROOM, keyed, readable_on, run_colour, stage_colours, use_template

Values = Sequence[float | None]
HEIGHT = 300
MAP_HEIGHT = 430
MOST_WRITTEN = 12
"""Numbers are written into the cells of a map up to this many stages."""
_SCALE = "Cividis"
_LOG_TICKS = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]


def coloured_names(names: Sequence[str]) -> list[str]:
    """Return backbone stages' names as tick labels in the stages' colours."""
    colours = stage_colours(len(names) + 1)[:-1]
    return [keyed(name, colour) for name, colour in zip(names, colours, strict=True)]


def plot_similarity_map(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Values], row_title: str = "", column_title: str = ""
) -> go.Figure:
    """Draw how alike the stages of one network see the images as those of the same or another one: 1 alike, 0 not.

    ``values`` has one row a stage of ``rows``; None is an empty cell.
    """
    is_small = max(len(rows), len(columns)) <= MOST_WRITTEN
    figure = go.Figure(
        go.Heatmap(
            z=[list(row) for row in values],
            x=list(range(len(columns))),
            y=list(range(len(rows))),
            zmin=0,
            zmax=1,
            colorscale=_SCALE,
            xgap=1,
            ygap=1,
            colorbar={"title": "CKA", "thickness": 12, "outlinewidth": 0},
            customdata=[[(row, column) for column in columns] for row in rows],
            hovertemplate="%{customdata[0]} and %{customdata[1]}: %{z:.3f}<extra></extra>",
        )
    )
    ticks = {"showgrid": False, "ticks": "", "constrain": "domain"}
    figure.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=coloured_names(columns), title=column_title, **ticks
    )
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=coloured_names(rows), title=row_title, autorange="reversed", **ticks
    )
    figure.update_layout(height=MAP_HEIGHT, margin={"l": 10, "r": 10, "t": PNG_ROOM, "b": 10})
    if is_small:
        figure.update_layout(annotations=[*_written(values)])
    return use_template(figure)


def _written(values: Sequence[Values]) -> Iterator[dict[str, Any]]:
    """Write each value into its cell, in black or white, whichever reads better on the cell's colour."""
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if value is not None:
                (cell,) = sample_colorscale(_SCALE, [min(1.0, max(0.0, value))])
                colour = readable_on(*unlabel_rgb(cell))
                words = f"{value:.2f}"
                yield {"x": column, "y": row, "text": words, "showarrow": False, "font": {"color": colour}}


def plot_stage_bars(
    names: Sequence[str],
    values: Values,
    title: str,
    *,
    level: float | None = None,
    top: float | None = None,
) -> go.Figure:
    """Draw one bar a backbone stage in the stage's colour, and where there is one, a level to hold them against."""
    figure = go.Figure(
        go.Bar(
            x=list(names),
            y=list(values),
            marker={"color": stage_colours(len(names) + 1)[:-1]},
            hovertemplate="%{x}: %{y:.3g}<extra></extra>",
        )
    )
    if level is not None:
        figure.add_hline(y=level, line={"width": 1.5, "dash": "dash", "color": INK})
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=title, rangemode="tozero", range=None if top is None else [0, top])
    figure.update_layout(height=HEIGHT, margin={"l": 10, "r": 10, "t": PNG_ROOM, "b": 10}, bargap=0.25)
    return use_template(figure)


def plot_stage_lines(names: Sequence[str], lines: Mapping[str, Values], title: str, *, is_log: bool) -> go.Figure:
    """Draw several measures of the same unit over the stages, one line each; None is a gap."""
    figure = go.Figure()
    for at, (label, values) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(names),
            y=list(values),
            name=label,
            mode="lines+markers",
            line={"color": run_colour(at), "dash": ("solid", "dash", "dot")[at % 3]},
            marker={"size": 8, "symbol": ("circle", "diamond", "square")[at % 3]},
            hovertemplate=f"{label}, %{{x}}: %{{y:.3g}}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=title, type="log" if is_log else "linear", tickvals=_LOG_TICKS if is_log else None)
    figure.update_layout(
        height=HEIGHT + 40,
        margin={"l": 10, "r": 10, "t": PNG_ROOM, "b": 10},
        legend=LEGEND_ABOVE,
    )
    return use_template(figure)
