"""Pictures as figures: rows of painted feature maps, and pictures side by side, for notebooks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tlviz.data.pixels.pictures import Pixels
from tlviz.figures.sprites import tile, to_png
from tlviz.figures.theme import chart_text, use_template

_WIDTH = 760
_LABEL = 110


def plot_sheets(
    rows: Mapping[str, Pixels], channels: Mapping[str, Sequence[int]], per_line: int, title: str
) -> go.Figure:
    """Draw a row of tiles a place, uint8 (C, H, W, 3) each; the numbers of its channels stand on hover."""
    figure, heights = go.Figure(), []
    for painted in rows.values():
        lines = -(-max(1, len(painted)) // per_line)
        heights.append(lines * (_WIDTH - _LABEL) / per_line)
    total, top = sum(heights) or 1.0, 0.0
    for (place, painted), height in zip(rows.items(), heights, strict=True):
        sheet = tile(painted, min(per_line, len(painted)))
        share = min(per_line, len(painted)) / per_line
        figure.add_layout_image(
            source=_address(sheet), xref="x", yref="y", x=0, y=-top / total, sizex=share, sizey=height / total,
            sizing="stretch", layer="below",
        )  # fmt: skip
        lines = -(-len(painted) // per_line)
        side = height / total / lines
        for at, number in enumerate(channels[place]):
            line, column = divmod(at, per_line)
            figure.add_scatter(
                x=[(column + 0.5) / per_line], y=[-(top / total + (line + 0.5) * side)], mode="markers",
                marker={"size": 24, "opacity": 0}, showlegend=False,
                hovertemplate=f"{chart_text(place)}, channel {number}<extra></extra>",
            )  # fmt: skip
        figure.add_annotation(
            x=0, y=-(top + height / 2) / total, text=chart_text(place), showarrow=False, xanchor="right", xshift=-8
        )
        top += height
    figure.update_xaxes(visible=False, range=[0, 1], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-1, 0], fixedrange=True)
    figure.update_layout(
        title=chart_text(title), width=_WIDTH, height=max(120, total) + 60,
        margin={"l": _LABEL, "r": 8, "t": 48, "b": 8},
    )  # fmt: skip
    return use_template(figure)


def plot_pictures(pictures: Mapping[str, Pixels]) -> go.Figure:
    """Draw pictures, uint8 (H, W, 3), side by side with their titles."""
    figure, count = go.Figure(), max(1, len(pictures))
    side = min(320, _WIDTH // count)
    for at, (title, pixels) in enumerate(pictures.items()):
        figure.add_layout_image(
            source=_address(pixels), xref="x", yref="y", x=at + 0.02, y=1, sizex=0.96, sizey=1, sizing="contain",
            layer="below",
        )  # fmt: skip
        figure.add_annotation(x=at + 0.5, y=1, text=chart_text(title), showarrow=False, yshift=12)
    figure.update_xaxes(visible=False, range=[0, count], fixedrange=True)
    figure.update_yaxes(visible=False, range=[0, 1], fixedrange=True)
    figure.update_layout(width=side * count, height=side + 44, margin={"l": 4, "r": 4, "t": 36, "b": 4})
    return use_template(figure)


def _address(pixels: Pixels) -> str:
    return f"data:image/png;base64,{base64.b64encode(to_png(pixels)).decode()}"
