"""The images of a target as points, as one stage sees them: the classes lie apart, or not yet."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from tlviz.figures.theme import use_template

HEIGHT = 460
MOVE_MS = 600
MOST_IN_LEGEND = 24
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "x", "cross")


def class_colour(at: int, count: int) -> str:
    """Return a class's colour (#rrggbb): evenly around the hues, every other one darker."""
    red, green, blue = colorsys.hls_to_rgb(at / max(1, count), 0.58 if at % 2 else 0.44, 0.62)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def plot_stage_map(
    places: NDArray[np.float64],
    labels: NDArray[np.int64],
    names: Sequence[str],
    classes: Sequence[str],
    reach: float,
) -> go.Figure:
    """Draw images at places (n, 2), a class by colour and shape, its name and the picture's on hover.

    ``reach`` is the half side of the square shown, the same for all stages, so that points move and the frame does not.
    """
    figure = go.Figure()
    for label, title in enumerate(classes):
        members = np.flatnonzero(labels == label)
        if not len(members):
            continue
        figure.add_scatter(
            x=places[members, 0].round(4).tolist(),
            y=places[members, 1].round(4).tolist(),
            mode="markers",
            name=title,
            showlegend=label < MOST_IN_LEGEND,
            marker={
                "color": class_colour(label, len(classes)),
                "symbol": _SYMBOLS[label % len(_SYMBOLS)],
                "size": 8,
                "opacity": 0.85,
                "line": {"width": 0.5, "color": "rgba(255,255,255,0.6)"},
            },
            customdata=[names[at] for at in members],
            hovertemplate=f"<b>{title}</b><br>%{{customdata}}<extra></extra>",
        )
    axis = {"range": [-reach, reach], "showticklabels": False, "showgrid": False, "title": None, "zeroline": False}
    figure.update_xaxes(**axis, constrain="domain")
    figure.update_yaxes(**axis, scaleanchor="x", constrain="domain")
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 6, "r": 6, "t": 6, "b": 6},
        legend={"itemsizing": "constant"},
        transition={"duration": MOVE_MS, "easing": "cubic-in-out"},
        uirevision="stage map",
    )
    return use_template(figure)
