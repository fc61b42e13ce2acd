"""The curve of general and specific: what each stage is worth on a target, above random weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tlviz.figures.depth import Block, DepthScale, add_strip
from tlviz.figures.profile_numbers import Shown, StageCurve, band, blocks, point_words, random_band, spread, values
from tlviz.figures.theme import INK, chart_text, keyed, run_colour, stage_colours, use_template

HEIGHT = 400
STRIP_SHARE = 0.13
"""Of the figure's height, for one network's strip."""
LABEL_GAP = 0.055
"""Of the vertical axis: the least distance between two labels at the curves' ends."""
LEAST_GAIN = 10.0
"""The axis of gains reaches at least this many points, so that noise does not look like a gain."""
MOST_BLOCK_NAMES = 26
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "star")
_SIGNS = ("●", "◆", "■", "▲", "✖", "★")
"""The symbols as letters, for labels."""
_GREY = INK


def plot_probe_curves(
    curves: Sequence[StageCurve],
    title: str,
    *,
    shown: Shown = Shown.ACCURACY,
    scale: DepthScale = DepthScale.STAGES,
    revision: str = "",
) -> go.Figure:
    """Draw every curve with its band and what it is held against, and the strip below the axis.

    As accuracies each curve has its own random weights beside it; as gains they are all zero.  Curves of one network
    share its strip; otherwise each has its own.  ``revision`` keeps a person's zoom as long as it stays the same.
    """
    strips = _strips(curves)
    share = STRIP_SHARE if len(strips) == 1 else STRIP_SHARE * 0.7
    figure = make_subplots(
        rows=1 + len(strips),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.012,
        row_heights=[1 - share * len(strips), *[share] * len(strips)],
    )
    main = curves[0]
    for curve in reversed(curves):
        _control(figure, curve, scale, shown, is_alone=len(curves) == 1)
    for curve in reversed(curves):
        _probe(figure, curve, scale, shown, is_main=curve is main)
    for row, curve in enumerate(strips, start=2):
        add_strip(figure, blocks(curve, scale), row, curve.freeze or 0, curve.heights, curve.facts)
    _freeze_marker(figure, main, scale, whose="" if len(curves) == 1 else f" for {main.label}")
    _end_labels(figure, curves, shown)
    _axes(figure, curves, strips, scale, shown)
    figure.update_layout(
        title={"text": chart_text(title), "font": {"size": 16}, "x": 0.01, "xanchor": "left", "y": 0.97},
        height=HEIGHT,
        margin={"l": 58, "r": 128, "t": 50, "b": 30},
        showlegend=False,
        bargap=0,
        barmode="overlay",
        hovermode="closest",
        uirevision=revision,
    )
    return use_template(figure)


def _strips(curves: Sequence[StageCurve]) -> list[StageCurve]:
    """Return one curve for each network, distinguished by its stages; the first of each."""
    found: dict[tuple[str, ...], StageCurve] = {}
    for curve in curves:
        found.setdefault(curve.stages, curve)
    return list(found.values())


def _control(figure: go.Figure, curve: StageCurve, scale: DepthScale, shown: Shown, *, is_alone: bool) -> None:
    """Draw what a curve is held against: random weights, how much their draws differ, and permuted labels.

    A curve alone has its gain shaded; of several ones each has its random weights in its own colour.
    """
    middles = [block.middle for block in blocks(curve, scale)[:-1]]
    colour = run_colour(curve.colour)
    if is_alone and curve.random_spread:
        _area(figure, middles, random_band(curve, shown), "spread of random weights", _faint(_GREY, 0.25))
    if shown is Shown.GAIN:
        return
    if curve.permuted:
        figure.add_scatter(
            x=middles,
            y=list(curve.permuted),
            name="permuted labels",
            mode="lines",
            line={"color": _GREY, "dash": "dot", "width": 1},
            customdata=list(curve.stages),
            hovertemplate="%{customdata}: shuffled labels reach at most %{y:.1%}<extra></extra>",
            row=1,
            col=1,
        )
    ink = _GREY if is_alone else colour
    sure = [f" ± {sd:.1%} between draws" for sd in curve.random_spread] or [""] * len(curve.stages)
    figure.add_scatter(
        x=middles,
        y=list(curve.random),
        name="random weights" if is_alone else f"{curve.label}, random weights",
        mode="lines+markers",
        line={"color": ink, "dash": "dot", "width": 2 if is_alone else 1.4},
        marker={"size": 5, "color": ink},
        customdata=list(zip([chart_text(curve.label)] * len(sure), curve.stages, sure, strict=True)),
        hovertemplate="%{customdata[0]}, %{customdata[1]}, random weights: %{y:.1%}%{customdata[2]}<extra></extra>",
        row=1,
        col=1,
    )
    if is_alone:
        figure.add_scatter(
            x=middles, y=list(curve.probe), name="gain", mode="lines", line={"width": 0}, fill="tonexty",
            fillcolor=_faint(colour, 0.13), hoverinfo="skip", row=1, col=1,
        )  # fmt: skip


def _area(
    figure: go.Figure, middles: Sequence[float], ends: tuple[list[float], list[float]], name: str, colour: str
) -> None:
    """Fill what lies between the lower and the upper end."""
    low, high = ends
    figure.add_scatter(
        x=[*middles, *reversed(middles)], y=[*high, *reversed(low)], name=name, mode="lines", line={"width": 0},
        fill="toself", fillcolor=colour, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip


def _probe(figure: go.Figure, curve: StageCurve, scale: DepthScale, shown: Shown, *, is_main: bool) -> None:
    """Draw a curve with its band; the main one's points have the colours of their stages."""
    middles = [block.middle for block in blocks(curve, scale)[:-1]]
    colour = run_colour(curve.colour)
    shade = _faint(colour, 0.32 if is_main else 0.16)
    _area(figure, middles, band(curve, shown), f"{curve.label}, one standard error", shade)
    figure.add_scatter(
        x=middles,
        y=values(curve, shown),
        name=curve.label,
        mode="lines+markers",
        line={"color": colour, "width": 3 if is_main else 1.8},
        marker={
            "size": 11 if is_main else 7,
            "color": stage_colours(len(curve.stages) + 1)[:-1] if is_main else colour,
            "symbol": _SYMBOLS[curve.colour % len(_SYMBOLS)],
            "line": {"width": 1.5 if is_main else 0, "color": colour},
        },
        customdata=list(zip([chart_text(curve.label)] * len(middles), curve.stages, point_words(curve), strict=True)),
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        row=1,
        col=1,
    )


def _freeze_marker(figure: go.Figure, curve: StageCurve, scale: DepthScale, whose: str) -> None:
    """Mark where the advice freezes: a line through chart and strip, with a word."""
    if curve.freeze is None:
        return
    drawn = blocks(curve, scale)
    at = drawn[curve.freeze - 1].right if curve.freeze else 0.0
    words = f"advice{chart_text(whose)}: freeze {_what(drawn, curve.freeze)}"
    to_the_left = at > drawn[-1].right / 2
    bottom = figure.layout.yaxis2.domain[0]
    figure.add_shape(
        type="line", x0=at, x1=at, y0=bottom, y1=1, xref="x", yref="paper",
        line={"width": 2, "dash": "dash", "color": _GREY},
    )  # fmt: skip
    figure.add_annotation(
        x=at, y=1.0, xref="x", yref="paper", text=f"{words} ◂" if to_the_left else f"▸ {words}", showarrow=False,
        xanchor="right" if to_the_left else "left", yanchor="bottom", xshift=0, font={"size": 12},
    )  # fmt: skip


def _what(drawn: Sequence[Block], freeze: int) -> str:
    if freeze == 0:
        return "nothing"
    return "the backbone" if freeze == len(drawn) - 1 else f"to {drawn[freeze - 1].name}"


def _end_labels(figure: go.Figure, curves: Sequence[StageCurve], shown: Shown) -> None:
    """Label every curve at its end, and what is common to all at its line, without overlaps."""
    main, is_gain = curves[0], shown is Shown.GAIN
    labels = [(values(curve, shown)[-1], _label(curve, is_bold=curve is main)) for curve in curves]
    if is_gain:
        labels.append((0.0, "random weights"))
    elif len(curves) == 1:
        labels.append((main.random[-1], "random weights"))
    if main.permuted and not is_gain:
        labels.append((main.permuted[-1], "permuted labels"))
    chances = [] if is_gain else sorted({curve.chance for curve in curves}, reverse=True)
    if len(chances) == 1 or len(curves) == 1:
        labels += [(chance, f"chance {chance:.0%}") for chance in chances]
    gap = LABEL_GAP * (_range(curves, shown)[1] - _range(curves, shown)[0])
    for (_, text), y in zip(labels, spread([label[0] for label in labels], gap), strict=True):
        figure.add_annotation(
            x=1.0, xref="paper", y=y, yref="y", text=text, showarrow=False, xanchor="left", xshift=6, font={"size": 12}
        )
    for level in [0.0] if is_gain else chances if len(chances) == 1 else []:
        figure.add_shape(
            type="line", x0=0, x1=1, xref="paper", y0=level, y1=level, yref="y",
            line={"width": 1, "dash": "dash", "color": "rgba(128,128,128,0.6)"}, layer="below",
        )  # fmt: skip


def _label(curve: StageCurve, *, is_bold: bool) -> str:
    """Name a curve after its symbol in its colour."""
    text = chart_text(curve.label)
    sign = _SIGNS[curve.colour % len(_SIGNS)]
    return keyed(f"<b>{text}</b>" if is_bold else text, run_colour(curve.colour), sign)


def _range(curves: Sequence[StageCurve], shown: Shown) -> tuple[float, float]:
    """Return the ends of the axis: everything that is drawn, with a little room."""
    lowest = min(min(band(curve, shown)[0]) for curve in curves)
    highest = max(max(band(curve, shown)[1]) for curve in curves)
    if shown is Shown.GAIN:
        low, high = min(lowest, 0.0), max(highest, LEAST_GAIN)
        return low - 0.06 * (high - low), high + 0.06 * (high - low)
    lowest = min(lowest, *(min(curve.chance, *curve.random, *curve.permuted) for curve in curves))
    return max(0.0, lowest - 0.06), min(1.03, highest + 0.05)


def _axes(
    figure: go.Figure, curves: Sequence[StageCurve], strips: Sequence[StageCurve], scale: DepthScale, shown: Shown
) -> None:
    is_gain = shown is Shown.GAIN
    figure.update_yaxes(
        title="points above random weights" if is_gain else "probe accuracy", range=_range(curves, shown),
        tickformat="+.0f" if is_gain else ".0%", row=1, col=1,
    )  # fmt: skip
    whole = blocks(curves[0], scale)[-1].right
    figure.update_xaxes(range=[-0.005 * whole, 1.005 * whole], showgrid=False, showline=False, zeroline=False)
    for row, curve in enumerate(strips, start=2):
        figure.update_yaxes(visible=False, range=[0, 1.06], fixedrange=True, row=row, col=1)
        if len(strips) > 1:
            _strip_name(figure, curve, row)
    last = 1 + len(strips)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    figure.update_xaxes(row=last, col=1, **_ticks(strips, scale))


def _strip_name(figure: go.Figure, curve: StageCurve, row: int) -> None:
    figure.add_annotation(
        x=1.0, xref="paper", y=0.5, yref=f"y{row}", text=_label(curve, is_bold=False), showarrow=False, xanchor="left",
        xshift=6, font={"size": 11},
    )  # fmt: skip


def _ticks(strips: Sequence[StageCurve], scale: DepthScale) -> dict[str, Any]:
    """Return the names of the stages below the strip, or shares of the way where networks differ."""
    if len(strips) > 1 or scale is not DepthScale.STAGES:
        words = "share of the compute" if scale is DepthScale.COMPUTE else "share of the stages"
        return {"tickformat": ".0%", "title": words, "showticklabels": True}
    drawn = blocks(strips[0], scale)
    step = -(-len(drawn) // MOST_BLOCK_NAMES)
    shown = [block for at, block in enumerate(drawn) if at % step == 0]
    return {
        "tickvals": [block.middle for block in shown],
        "ticktext": [block.name for block in shown],
        "showticklabels": True,
        "ticks": "",
    }


def _faint(colour: str, alpha: float) -> str:
    """Return #rrggbb as a transparent colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"
