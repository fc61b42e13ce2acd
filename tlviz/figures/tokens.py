"""Tokens of a sentence drawn: values in colour, as bars, and how tokens relate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from tlviz.figures.theme import chart_text, use_template

FOR, AGAINST = (31, 119, 180), (214, 90, 20)
"""Blue speaks for the class, orange against it: apart for people who see no red or green."""
_STRONGEST = 0.55
"""The strongest colour is still pale enough for the page's ink, dark or light."""
_BARS, _SQUARE, _EACH = 300, 430, 17


def coloured_sentence(tokens: Sequence[str], values: NDArray[np.float32], *, signed: bool) -> str:
    """Return HTML: every token on a colour as strong as its value; each says its number on hover and to readers."""
    most = float(np.abs(values).max()) or 1.0
    parts = []
    for token, value in zip(tokens, values.tolist(), strict=True):
        red, green, blue = FOR if value >= 0 else AGAINST
        alpha = _STRONGEST * min(1.0, abs(value) / most)
        line = "border-bottom:2px dotted currentColor;" if signed and value < 0 and abs(value) > most / 4 else ""
        said = f"{escape(token)} {value:+.3g}"
        parts.append(
            f'<span title="{said}" style="background:rgba({red},{green},{blue},{alpha:.3f});{line}padding:2px 4px;'
            f'margin:1px;border-radius:4px;display:inline-block">{escape(token)}</span>'
        )
    return f'<div style="line-height:2.1">{"".join(parts)}</div>'


def plot_token_values(tokens: Sequence[str], values: NDArray[np.float32], title: str, *, signed: bool) -> go.Figure:
    """Draw one bar a token, in the order of the sentence."""
    colours = [f"rgb{FOR if value >= 0 else AGAINST}" for value in values]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(tokens))),
            y=values,
            marker_color=colours,
            customdata=[chart_text(token) for token in tokens],
            hovertemplate="%{customdata}: %{y:.3g}<extra></extra>",
        )
    )
    figure.update_xaxes(tickvals=list(range(len(tokens))), ticktext=[chart_text(token) for token in tokens])
    figure.update_yaxes(title="for the class (against below 0)" if signed else "strength", zeroline=True)
    figure.update_layout(title=chart_text(title), height=_BARS)
    return use_template(figure)


def plot_token_square(
    tokens: Sequence[str], values: NDArray[np.float32], title: str, *, signed: bool, across: str, down: str
) -> go.Figure:
    """Draw how each token (row) relates to each (column): (L, L)."""
    names = [f"{at} {chart_text(token)}" for at, token in enumerate(tokens)]
    scale = {"colorscale": "RdBu", "zmid": 0.0, "zmin": -1, "zmax": 1} if signed else {"colorscale": "Blues", "zmin": 0}
    figure = go.Figure(
        go.Heatmap(z=values, x=names, y=names, hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>", **scale)
    )
    figure.update_xaxes(title=across, ticktext=[chart_text(t) for t in tokens], tickvals=names, showgrid=False)
    figure.update_yaxes(
        title=down, ticktext=[chart_text(t) for t in tokens], tickvals=names, autorange="reversed", showgrid=False
    )
    figure.update_layout(title=chart_text(title), height=max(_SQUARE, _EACH * len(tokens) + 130))
    return use_template(figure)


def plot_head_entropy(entropy: Mapping[str, NDArray[np.float32]]) -> go.Figure:
    """Draw how widely each attention head spreads, in bits: a dot a head at each stage, their mean as a line."""
    figure = go.Figure()
    for name, bits in entropy.items():
        figure.add_scatter(
            x=[chart_text(name)] * len(bits), y=bits, mode="markers", showlegend=False, opacity=0.6,
            marker={"size": 7, "color": f"rgb{FOR}"}, customdata=list(range(len(bits))),
            hovertemplate="%{x}, head %{customdata}: %{y:.2f} bits<extra></extra>",
        )  # fmt: skip
    means = [float(np.mean(bits)) for bits in entropy.values()]
    names = [chart_text(name) for name in entropy]
    figure.add_scatter(x=names, y=means, mode="lines", name="mean", line={"color": f"rgb{AGAINST}"}, showlegend=False)
    figure.update_yaxes(title="bits", rangemode="tozero")
    figure.update_layout(title="How widely each head looks", height=_BARS)
    return use_template(figure)
