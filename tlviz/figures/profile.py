"""The curve of general and specific: what each stage is worth on a target, above random weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tlviz.figures.depth import Block, DepthScale, add_strip
from tlviz.figures.profile_numbers import StageCurve, band, blocks, gain, spread
from tlviz.figures.theme import INK, chart_text, keyed, run_colour, stage_colours, use_template

HEIGHT = 400
STRIP_SHARE = 0.13
"""Of the figure's height, for one network's strip."""
LABEL_GAP = 0.055
"""Of the accuracy axis: the least distance between two labels at the curves' ends."""
MOST_BLOCK_NAMES = 26
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "star")
_SIGNS = ("●", "◆", "■", "▲", "✖", "★")
"""The symbols as letters, for labels."""
_GREY = INK


def plot_probe_curves(
    curves: Sequence[StageCurve],
    title: str,
    *,
    scale: DepthScale = DepthScale.STAGES,
    revision: str = "",
) -> go.Figure:
    """Draw the first curve with band, random control and gain, the others beside it, and the strip below the axis.

    Curves of one network share its strip; otherwise each has its own.  ``revision`` keeps a person's zoom as long as it
    stays the same.
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
    _control(figure, main, scale)
    for curve in reversed(curves):
        _probe(figure, curve, scale, is_main=curve is main)
    for row, curve in enumerate(strips, start=2):
        add_strip(figure, blocks(curve, scale), row, curve.freeze or 0, curve.heights, curve.facts)
    _freeze_marker(figure, main, scale)
    _end_labels(figure, curves)
    _axes(figure, curves, strips, scale)
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


def _control(figure: go.Figure, curve: StageCurve, scale: DepthScale) -> None:
    """Draw the random network dotted and shade what the pretrained one gains over it; below, permuted labels."""
    middles = [block.middle for block in blocks(curve, scale)[:-1]]
    colour = run_colour(curve.colour)
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
    figure.add_scatter(
        x=middles,
        y=list(curve.random),
        name="random weights",
        mode="lines+markers",
        line={"color": _GREY, "dash": "dot", "width": 2},
        marker={"size": 5, "color": _GREY},
        customdata=list(curve.stages),
        hovertemplate="%{customdata}, random weights: %{y:.1%}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=middles,
        y=list(curve.probe),
        name="gain",
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor=_faint(colour, 0.13),
        hoverinfo="skip",
        row=1,
        col=1,
    )


def _probe(figure: go.Figure, curve: StageCurve, scale: DepthScale, *, is_main: bool) -> None:
    """Draw a probe with its band; the main one's points have the colours of their stages."""
    middles = [block.middle for block in blocks(curve, scale)[:-1]]
    colour = run_colour(curve.colour)
    low, high = band(curve)
    figure.add_scatter(
        x=[*middles, *reversed(middles)],
        y=[*high, *reversed(low)],
        name=f"{curve.label}, one standard error",
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=_faint(colour, 0.32 if is_main else 0.16),
        hoverinfo="skip",
        row=1,
        col=1,
    )
    gains = [f"{value:+.1%}" for value in gain(curve)]
    figure.add_scatter(
        x=middles,
        y=list(curve.probe),
        name=curve.label,
        mode="lines+markers",
        line={"color": colour, "width": 3 if is_main else 1.8},
        marker={
            "size": 11 if is_main else 7,
            "color": stage_colours(len(curve.stages) + 1)[:-1] if is_main else colour,
            "symbol": _SYMBOLS[curve.colour % len(_SYMBOLS)],
            "line": {"width": 1.5 if is_main else 0, "color": colour},
        },
        customdata=[
            (chart_text(curve.label), *values) for values in zip(curve.stages, curve.probe_se, gains, strict=True)
        ],
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>probe %{y:.1%} ± %{customdata[2]:.1%}"
        "<br>%{customdata[3]} over random weights<extra></extra>",
        row=1,
        col=1,
    )


def _freeze_marker(figure: go.Figure, curve: StageCurve, scale: DepthScale) -> None:
    """Mark where the advice freezes: a line through chart and strip, with a word."""
    if curve.freeze is None:
        return
    drawn = blocks(curve, scale)
    at = drawn[curve.freeze - 1].right if curve.freeze else 0.0
    words = f"advice: freeze {_what(drawn, curve.freeze)}"
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


def _end_labels(figure: go.Figure, curves: Sequence[StageCurve]) -> None:
    """Label every curve at its end and chance at its line, without overlaps."""
    main = curves[0]
    labels = [(curve.probe[-1], _label(curve, is_bold=curve is main)) for curve in curves]
    labels.append((main.random[-1], "random weights"))
    if main.permuted:
        labels.append((main.permuted[-1], "permuted labels"))
    labels.append((main.chance, f"chance {main.chance:.0%}"))
    for (_, text), y in zip(labels, spread([label[0] for label in labels], LABEL_GAP), strict=True):
        figure.add_annotation(
            x=1.0, xref="paper", y=y, yref="y", text=text, showarrow=False, xanchor="left", xshift=6, font={"size": 12}
        )
    figure.add_shape(
        type="line", x0=0, x1=1, xref="paper", y0=main.chance, y1=main.chance, yref="y",
        line={"width": 1, "dash": "dash", "color": "rgba(128,128,128,0.6)"}, layer="below",
    )  # fmt: skip


def _label(curve: StageCurve, *, is_bold: bool) -> str:
    """Name a curve after its symbol in its colour."""
    text = chart_text(curve.label)
    sign = _SIGNS[curve.colour % len(_SIGNS)]
    return keyed(f"<b>{text}</b>" if is_bold else text, run_colour(curve.colour), sign)


def _axes(figure: go.Figure, curves: Sequence[StageCurve], strips: Sequence[StageCurve], scale: DepthScale) -> None:
    lowest = min(min(*band(curve)[0], curve.chance, *curve.random, *curve.permuted) for curve in curves)
    highest = max(max(band(curve)[1]) for curve in curves)
    low, high = max(0.0, lowest - 0.06), min(1.03, highest + 0.05)
    figure.update_yaxes(title="probe accuracy", range=[low, high], tickformat=".0%", row=1, col=1)
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
