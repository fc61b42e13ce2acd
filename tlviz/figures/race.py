"""The curves of a race: numbers first, then the picture of exactly those numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import plotly.graph_objects as go

from tlviz.csv_text import csv_text
from tlviz.figures.theme import INK, LEGEND_ABOVE, close_range, register_template, run_line, share_axis
from tlviz.runs.curves import Curve, Point
from tlviz.runs.places import race_places
from tlviz.runs.races.race import Race


class Measure(StrEnum):
    """What is drawn of a run's validation."""

    ACCURACY = "accuracy"
    ERROR = "error"
    LOSS = "loss"


class Axis(StrEnum):
    """What a race is drawn over."""

    EPOCHS = "epochs"
    SECONDS = "seconds"
    IMAGES = "images"


@dataclass(frozen=True, slots=True)
class LinePoint:
    """One drawn point: mean, lowest and highest value over the seeds that have this epoch."""

    epoch: int
    x: float
    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Line:
    """The curve of one swept value; ``best`` is its best row, ``switches`` the rows before more was unfrozen.

    ``place`` is that of its colour.
    """

    words: str
    place: int
    rows: tuple[LinePoint, ...]
    best: LinePoint | None
    switches: tuple[LinePoint, ...]


def race_lines(race: Race, measure: Measure, axis: Axis, smoothing: float = 0.0) -> list[Line]:
    """Return a race's curves in the planned order; ``smoothing`` 0 is off, towards 1 each point keeps more of the last.

    The best row is the best epoch of a single run; over several seeds the one with the best mean.
    """
    lines = []
    for words, place in race_places(race).items():
        curves = [member.curve for member in race.members if member.words == words and member.curve.points]
        rows = _rows(curves, measure, axis, smoothing)
        best = _best(curves, rows, measure)
        before = {epoch - 1 for curve in curves for epoch in curve.switches}
        lines.append(Line(words, place, rows, best, tuple(row for row in rows if row.epoch in before)))
    return lines


def lines_csv(lines: Sequence[Line], measure: Measure, axis: Axis) -> str:
    """Return the drawn points as a table: one line a point."""
    has_x = axis is not Axis.EPOCHS
    head = ("what", "epoch", *([str(axis)] if has_x else []), f"validation_{measure}", "lowest", "highest", "seeds")
    points = ((line.words, row) for line in lines for row in line.rows)
    return csv_text(
        head,
        ((words, r.epoch, *([r.x] if has_x else []), r.mean, r.low, r.high, r.seeds) for words, r in points),
    )


def plot_race(
    lines: Sequence[Line],
    measure: Measure,
    axis: Axis,
    *,
    is_log: bool,
    epochs: int,
    revision: str,
    with_legend: bool = False,
) -> go.Figure:
    """Draw a race's validation curves, the best epoch of each as a star, phase switches as ticks, seeds as a band.

    ``epochs`` is how many are planned, so that the axis does not move; ``revision`` keeps a person's zoom.
    ``with_legend`` is for where no leaderboard stands beside it.
    """
    traces: list[dict[str, object]] = []
    for line in lines:
        traces += _line_traces(line, measure, axis)
    marks = [(line, line.best) for line in lines if line.best is not None]
    switches = [(line, row) for line in lines for row in line.switches]
    traces.append(_marks(marks, "best epoch", "star", 12))
    traces.append(_marks(switches, "more stages are unfrozen from here", "line-ns-open", 14))
    y: dict[str, object] = {"title": {"text": f"validation {measure}"}}
    y |= {} if measure is Measure.LOSS else share_axis(is_log=is_log)
    y |= (
        {"type": "log"} if is_log else {"rangemode": "tozero"} if measure is Measure.LOSS else {"range": y_range(lines)}
    )
    x: dict[str, object] = {"title": {"text": _AXIS_WORDS[axis]}}
    x |= (
        {"range": [-0.3, epochs + 0.3], "tick0": 0, "dtick": max(1, epochs // 10)}
        if axis is Axis.EPOCHS
        else {"rangemode": "tozero"}
    )
    layout = {
        "template": register_template(),
        "height": 370,
        "showlegend": with_legend,
        "legend": LEGEND_ABOVE | {"traceorder": "normal"},
        "margin": {"l": 50, "r": 10, "t": 10, "b": 40},
        "xaxis": x,
        "yaxis": y,
        "uirevision": revision,
        "hovermode": "closest",
    }
    return go.Figure({"data": traces, "layout": layout}, skip_invalid=False)


def y_range(lines: Sequence[Line]) -> list[float]:
    """Return the range of shares that holds every epoch of training; epoch 0 is before it, and may lie below."""
    trained = [row for line in lines for row in line.rows if row.epoch > 0]
    return close_range(value for row in trained for value in (row.low, row.mean, row.high))


def empty_chart() -> go.Figure:
    """Return a chart of nothing, which brings a browser its chart library."""
    return go.Figure()


_AXIS_WORDS = {
    Axis.EPOCHS: "epoch",
    Axis.SECONDS: "seconds of training, as if each run were alone",
    Axis.IMAGES: "training images seen",
}


def _line_traces(line: Line, measure: Measure, axis: Axis) -> list[dict[str, object]]:
    colour, dash = run_line(line.place)
    xs = [row.x for row in line.rows]
    traces: list[dict[str, object]] = []
    if any(row.seeds > 1 for row in line.rows):
        band: dict[str, object] = {
            "type": "scatter",
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "x": xs,
        }
        shade = f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:], 16)},0.16)"
        traces.append(band | {"y": [row.low for row in line.rows]})
        traces.append(band | {"y": [row.high for row in line.rows], "fill": "tonexty", "fillcolor": shade})
    value = "%{y:.3f}" if measure is Measure.LOSS else "%{y:.1%}"
    seconds = "<br>%{x:,.1f} s" if axis is Axis.SECONDS else "<br>%{x:,} images" if axis is Axis.IMAGES else ""
    traces.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": line.words,
            "x": xs,
            "y": [row.mean for row in line.rows],
            "customdata": [[row.epoch, row.low, row.high, row.seeds] for row in line.rows],
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"size": 4},
            "hovertemplate": f"{line.words}<br>epoch %{{customdata[0]}}{seconds}<br>validation {measure} {value}"
            "<br>over %{customdata[3]} seed(s)<extra></extra>",
        }
    )
    return traces


def _marks(marks: Sequence[tuple[Line, LinePoint]], name: str, symbol: str, size: int) -> dict[str, object]:
    colours = [run_line(line.place)[0] for line, _ in marks]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [row.x for _, row in marks],
        "y": [row.mean for _, row in marks],
        "text": [f"{line.words}: {name}" for line, _ in marks],
        "hovertemplate": "%{text}<br>%{y:.3f}<extra></extra>",
        "marker": {"symbol": symbol, "size": size, "color": colours or INK, "line": {"width": 1}},
    }


def _rows(curves: Sequence[Curve], measure: Measure, axis: Axis, smoothing: float) -> tuple[LinePoint, ...]:
    values: dict[int, list[tuple[float, float]]] = {}
    for curve in curves:
        kept: float | None = None
        for point in curve.points:
            value = _value(point, measure)
            kept = value if kept is None else smoothing * kept + (1 - smoothing) * value
            values.setdefault(point.epoch, []).append((_x(point, axis), kept))
    return tuple(
        LinePoint(
            epoch,
            sum(x for x, _ in found) / len(found),
            sum(y for _, y in found) / len(found),
            min(y for _, y in found),
            max(y for _, y in found),
            len(found),
        )
        for epoch, found in sorted(values.items())
    )


def _best(curves: Sequence[Curve], rows: Sequence[LinePoint], measure: Measure) -> LinePoint | None:
    if len(curves) == 1 and curves[0].best is not None:
        epoch = curves[0].best.epoch
        return next((row for row in rows if row.epoch == epoch), None)
    whole = [row for row in rows if row.seeds == len(curves)]
    sign = 1 if measure is Measure.ACCURACY else -1
    return max(whole, key=lambda row: (sign * row.mean, -row.epoch), default=None)


def _value(point: Point, measure: Measure) -> float:
    match measure:
        case Measure.ACCURACY:
            return point.val_accuracy
        case Measure.ERROR:
            return 1 - point.val_accuracy
    return point.val_loss


def _x(point: Point, axis: Axis) -> float:
    return {Axis.EPOCHS: point.epoch, Axis.SECONDS: point.seconds, Axis.IMAGES: point.images}[axis]
