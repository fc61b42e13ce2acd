"""The images of a target as points, as one stage sees them: the classes lie apart, or not yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from tlviz.diagnose.records import Profile
from tlviz.figures.theme import PNG_ROOM, chart_text, class_colours, use_template
from tlviz.measures.procrustes import Places, standardised, turn_to

HEIGHT = 460
MOVE_MS = 600
MOST_IN_LEGEND = 24
MOST_POINTS = 400
Frame = tuple[tuple[float, float], tuple[float, float]]
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "x", "cross")


def shown_images(labels: Sequence[int], most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Return at most N images, the same share of each class: sorted indices (n,)."""
    order = np.argsort(np.asarray(labels), kind="stable")
    if len(order) <= most:
        return np.sort(order)
    return np.sort(order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)])


def aligned_places(profile: Profile) -> dict[str, Places]:
    """Return every stage's positions of all images (n, 2), each turned to fit the stage before it, on one scale."""
    found: dict[str, Places] = {}
    before: Places | None = None
    for stage in profile.stages:
        places = standardised(np.asarray(stage.places, dtype=np.float64).reshape(-1, 2))
        before = places if before is None else turn_to(places, before)
        found[stage.name] = before
    return found


def frame_of(places: dict[str, Places]) -> Frame:
    """Return the ranges (low, high) of both axes that hold nearly all points of all stages; a far one is outside."""
    everything = np.concatenate(list(places.values()))
    low, high = np.quantile(everything, [0.01, 0.99], axis=0)
    room = np.maximum(0.08 * (high - low), 1e-6)
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return (left, right), (bottom, top)


def plot_stage_map(
    places: Places,
    labels: NDArray[np.int64],
    names: Sequence[str],
    classes: Sequence[str],
    frame: Frame,
) -> go.Figure:
    """Draw images at positions (n, 2), a class by colour and shape, its name and the picture's on hover.

    ``frame`` is the same for all stages, so that points move and the frame does not.
    """
    figure, colours = go.Figure(), class_colours(len(classes))
    for label, title in enumerate(classes):
        members = np.flatnonzero(labels == label)
        if not len(members):
            continue
        figure.add_scatter(
            x=places[members, 0].round(4).tolist(),
            y=places[members, 1].round(4).tolist(),
            mode="markers",
            name=chart_text(title),
            showlegend=label < MOST_IN_LEGEND,
            marker={
                "color": colours[label],
                "symbol": _SYMBOLS[label % len(_SYMBOLS)],
                "size": 8,
                "opacity": 0.85,
                "line": {"width": 0.5, "color": "rgba(255,255,255,0.6)"},
            },
            customdata=[(chart_text(title), chart_text(names[at])) for at in members.tolist()],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
        )
    axis = {"showticklabels": False, "showgrid": False, "title": None, "zeroline": False}
    figure.update_xaxes(range=frame[0], **axis)
    figure.update_yaxes(range=frame[1], **axis)
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 6, "r": 6, "t": PNG_ROOM, "b": 6},
        legend={"itemsizing": "constant"},
        transition={"duration": MOVE_MS, "easing": "cubic-in-out"},
        uirevision="stage map",
    )
    return use_template(figure)
