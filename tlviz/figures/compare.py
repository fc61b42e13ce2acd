"""Up to four runs side by side: curves, errors, calibration, what moved, what it cost."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from tlviz.figures.depth import HEAD, Block, DepthScale, add_strip, lay_out
from tlviz.figures.theme import (
    INK,
    LEGEND_ABOVE,
    close_range,
    readable_on,
    run_colour,
    run_line,
    share_axis,
    stage_colours,
    use_template,
)
from tlviz.measures.calibration import Calibration

PATTERNS = ("", "/", "x", ".")
SYMBOLS = ("circle", "square", "diamond", "cross")
MOST_CLASSES = 40
MOST_STAGE_NAMES = 16
_WRITTEN = 12
"""Counts are written into the cells of a confusion matrix of up to this many classes."""
_FULL = 0.6
"""Below this share of its row a cell is a tint that the page shows through; from it on, a colour of its own."""
_TIGHT = {"l": 10, "r": 10, "t": 10, "b": 10}


@dataclass(frozen=True, slots=True)
class NamedEpochs:
    """One run's name and its epochs, the events of a run."""

    name: str
    epochs: Sequence[Mapping[str, Any]]
    best_epoch: int | None
    place: int | None = None
    """The place of its colour; curves of one name are the seeds of one way of training, and have one entry."""


def _places(count: int, places: Sequence[int] | None) -> list[int]:
    """Return the places of colours, by default those of the order."""
    return list(places) if places is not None else list(range(count))


def curve_points(curve: NamedEpochs, measure: str) -> tuple[list[int], list[float]]:
    """Return the epochs and values that are drawn for a run."""
    points = [(e["epoch"], e[measure]) for e in curve.epochs if isinstance(e.get(measure), int | float)]
    return [x for x, _ in points], [y for _, y in points]


def plot_run_curves(curves: Sequence[NamedEpochs], measure: str, title: str) -> go.Figure:
    """Draw one measure of every run over the epochs, each in its colour and dash, its best epoch marked."""
    figure = go.Figure()
    order = [at if curve.place is None else curve.place for at, curve in enumerate(curves)]
    names = [curve.name for curve in curves]
    for at, (place, curve) in enumerate(zip(order, curves, strict=True)):
        x, y = curve_points(curve, measure)
        name, (colour, dash) = html.escape(curve.name), run_line(place)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            name=name,
            legendgroup=curve.name,
            showlegend=curve.name not in names[:at],
            line={"color": colour, "dash": dash, "width": 2 if names.count(curve.name) == 1 else 1.3},
            marker={
                "symbol": ["star" if epoch == curve.best_epoch else "circle" for epoch in x],
                "size": [15 if epoch == curve.best_epoch else 5 for epoch in x],
            },
            hovertemplate=f"{name}, epoch %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    last = max((epoch["epoch"] for curve in curves for epoch in curve.epochs), default=0)
    figure.update_xaxes(title="epoch", tickformat="d", dtick=max(1, last // 10))
    is_share = measure.endswith(("accuracy", "f1"))
    figure.update_yaxes(title=title, **(share_axis() if is_share else {"rangemode": "tozero"}))
    trained = [y for c in curves for x, y in zip(*curve_points(c, measure), strict=True) if x > 0]
    if is_share and trained:
        figure.update_yaxes(range=close_range(trained))
    figure.update_layout(height=330, margin=_TIGHT, uirevision=measure, legend=LEGEND_ABOVE)
    return use_template(figure)


def plot_confusion(matrix: NDArray[np.int64], classes: Sequence[str], run: int) -> go.Figure:
    """Draw counts (C, C), row the label and column the guess, shaded by the share of the label's images."""
    matrix, names = matrix[:MOST_CLASSES, :MOST_CLASSES], [html.escape(name) for name in classes[:MOST_CLASSES]]
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    places = list(range(len(names)))
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=places,
            y=places,
            customdata=np.dstack([matrix, *np.meshgrid(names, names)]),
            colorscale=[
                [0, "rgba(128,128,128,0.07)"],
                [_FULL, _thin(run_colour(run), 0.3)],
                [_FULL, f"rgb{_full(run_colour(run), _FULL)}"],
                [1, run_colour(run)],
            ],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="%{customdata[0]} images of %{customdata[2]} taken for %{customdata[1]}<extra></extra>",
        )
    )
    if len(names) <= _WRITTEN:
        figure.update_layout(annotations=_counts(matrix, share, run_colour(run)))
    # Turned to the left, the last name stays inside the picture.
    figure.update_xaxes(title="taken for", tickvals=places, ticktext=names, tickangle=-40, showgrid=False)
    figure.update_yaxes(title="is", tickvals=places, ticktext=names, autorange="reversed", showgrid=False)
    figure.update_layout(height=max(280, 110 + 24 * len(names)), margin=_TIGHT)
    return use_template(figure)


def _thin(colour: str, alpha: float) -> str:
    """Return a colour (#rrggbb) as a tint that the page shows through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _full(colour: str, share: float) -> tuple[int, int, int]:
    """Return what a cell of this share has: from a quarter white to the whole colour (#rrggbb)."""
    white = 0.25 * (1 - share) / (1 - _FULL)
    red, green, blue = (round(255 * white + int(colour[at : at + 2], 16) * (1 - white)) for at in (1, 3, 5))
    return red, green, blue


def _counts(matrix: NDArray[np.int64], share: NDArray[np.float64], colour: str) -> list[dict[str, Any]]:
    """Write every count that is not 0 into its cell, so that it can be read on it."""
    return [
        {
            "x": int(guess),
            "y": int(label),
            "text": f"{matrix[label, guess]:,}",
            "showarrow": False,
            "font": {
                "color": readable_on(*_full(colour, share[label, guess])) if share[label, guess] >= _FULL else INK
            },
        }
        for label, guess in np.argwhere(matrix > 0)
    ]


def plot_f1(
    classes: Sequence[str], scores: Mapping[str, NDArray[np.float64]], places: Sequence[int] | None = None
) -> go.Figure:
    """Draw each class's F1, one bar a run: ``scores`` holds (C,) for each run's name, ``places`` those of colours."""
    names = [html.escape(name) for name in classes[:MOST_CLASSES]]
    figure = go.Figure()
    colours = _places(len(scores), places)
    for at, (run, values) in enumerate(scores.items()):
        figure.add_bar(
            x=names,
            y=values[:MOST_CLASSES],
            name=html.escape(run),
            marker={
                "color": run_colour(colours[at]),
                "pattern": {"shape": PATTERNS[at % len(PATTERNS)], "solidity": 0.25},
            },
            hovertemplate=f"{html.escape(run)}: F1 of %{{x}} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title="F1", range=[0, 1.02])
    figure.update_layout(height=250, barmode="group", margin=_TIGHT, legend=LEGEND_ABOVE)
    return use_template(figure)


def plot_reliability(calibrations: Mapping[str, Calibration], places: Sequence[int] | None = None) -> go.Figure:
    """Draw the accuracy of each run at each confidence ± one standard error; on the diagonal the two are the same."""
    figure, colours = go.Figure(), _places(len(calibrations), places)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="perfectly calibrated", hoverinfo="skip",
        line={"color": "rgba(128,128,128,0.7)", "dash": "dot", "width": 1},
    )  # fmt: skip
    for at, (run, found) in enumerate(calibrations.items()):
        colour, dash = run_line(colours[at])
        figure.add_scatter(
            x=[inside.confidence for inside in found.bins],
            y=[inside.accuracy for inside in found.bins],
            customdata=[(inside.count, *inside.errors) for inside in found.bins],
            error_y={
                "array": [inside.errors[1] for inside in found.bins],
                "arrayminus": [inside.errors[0] for inside in found.bins],
                "symmetric": False,
                "thickness": 1.2,
                "width": 3,
                "color": colour,
            },
            mode="lines+markers",
            name=html.escape(run),
            line={"color": colour, "dash": dash},
            marker={"size": 10},
            hovertemplate=(
                f"{html.escape(run)}: %{{customdata[0]}} images, confidence %{{x:.0%}}, accuracy %{{y:.0%}} "
                "+ %{customdata[2]:.0%} - %{customdata[1]:.0%}<extra></extra>"
            ),
        )
    figure.update_xaxes(title="confidence (mean probability of the best guess)", range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(title="accuracy (share of correct guesses)", range=[0, 1.03], tickformat=".0%")
    figure.update_layout(height=360, margin=_TIGHT, legend=LEGEND_ABOVE)
    return use_template(figure)


def plot_moved(moved: Mapping[str, Mapping[str, float]], title: str) -> go.Figure:
    """Draw how far each stage moved in every run, as bars on the stage strip; a run is marked by pattern and letter.

    A stage that moved in no run is hatched in the strip.
    """
    stages = list(dict.fromkeys(stage for values in moved.values() for stage in values))
    ordered = [*(stage for stage in stages if stage != HEAD), *([HEAD] if HEAD in stages else [])]
    blocks = lay_out([stage for stage in ordered if stage != HEAD], (), DepthScale.STAGES)
    colours = dict(zip((block.name for block in blocks), stage_colours(len(blocks)), strict=True))
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.012, row_heights=[0.86, 0.14])
    for at, (run, values) in enumerate(moved.items()):
        named = html.escape(run)
        figure.add_bar(
            x=[block.middle for block in blocks[: len(ordered)]],
            y=[values.get(stage) for stage in ordered],
            name=named,
            text=[named.partition(" ")[0]] * len(ordered),
            textposition="outside",
            hovertext=[html.escape(stage) for stage in ordered],
            marker={
                "color": [colours[stage] for stage in ordered],
                "pattern": {"shape": PATTERNS[at % len(PATTERNS)], "solidity": 0.3},
            },
            hovertemplate=f"{named}: %{{hovertext}} moved %{{y:.3g}}<extra></extra>",
            row=1,
            col=1,
        )
    _strip_of_moved(figure, blocks, ordered, moved)
    figure.update_yaxes(title=title, rangemode="tozero", exponentformat="power", row=1, col=1)
    figure.update_layout(height=320, barmode="group", margin=_TIGHT, showlegend=False)
    return use_template(figure)


def _strip_of_moved(
    figure: go.Figure, blocks: Sequence[Block], ordered: Sequence[str], moved: Mapping[str, Mapping[str, float]]
) -> None:
    """Draw the strip below the bars, with the names of the stages."""
    still = [all(values.get(stage) == 0 for values in moved.values()) for stage in ordered]
    frozen = still.index(False) if False in still else len(still)
    names = [html.escape(block.name) for block in blocks]
    add_strip(figure, [replace(b, name=n) for b, n in zip(blocks, names, strict=True)], 2, frozen, (), ())
    figure.update_yaxes(visible=False, range=[0, 1.06], fixedrange=True, row=2, col=1)
    figure.update_xaxes(range=[0, blocks[-1].right], showgrid=False, zeroline=False)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    step = -(-len(blocks) // MOST_STAGE_NAMES)
    figure.update_xaxes(
        tickvals=[block.middle for block in blocks[::step]], ticktext=names[::step], showticklabels=True, row=2, col=1
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """One run in the scatter: its name, what it cost, and its accuracy (a fraction) with its standard error.

    ``place`` is that of its colour, by default its place among the others.
    """

    name: str
    cost: float
    accuracy: float
    error: float
    place: int | None = None


def plot_cost(costs: Sequence[Cost], front: Sequence[int], title: str, *, is_log: bool) -> go.Figure:
    """Draw accuracy against cost, one point a run with its standard error, and the front that no run beats."""
    figure = go.Figure()
    ends = [max(run.cost for run in costs)] if front else []
    figure.add_scatter(
        x=[*(costs[at].cost for at in front), *ends],
        y=[*(costs[at].accuracy for at in front), *(costs[front[-1]].accuracy for _ in ends)],
        mode="lines",
        name="no run is better for less",
        line={"shape": "hv", "color": "rgba(128,128,128,0.8)", "dash": "dot"},
        hoverinfo="skip",
    )
    for at, run in enumerate(costs):
        name, place = html.escape(run.name), at if run.place is None else run.place
        figure.add_scatter(
            x=[run.cost],
            y=[run.accuracy],
            error_y={"array": [run.error], "thickness": 1},
            mode="markers",
            name=name,
            marker={"color": run_colour(place), "symbol": SYMBOLS[at % len(SYMBOLS)], "size": 14},
            hovertemplate=f"{name}: %{{x:,.4~s}}, %{{y:.1%}}<extra></extra>",
        )
    figure.update_xaxes(title=title, type="log" if is_log else "linear", rangemode="tozero")
    figure.update_yaxes(title="best validation accuracy", **share_axis())
    figure.update_layout(height=340, margin=_TIGHT, legend=LEGEND_ABOVE)
    return use_template(figure)
