"""The catalogue as one picture: how right a network is against how large it is."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import plotly.graph_objects as go

from tlviz.figures.theme import LEGEND_ABOVE, run_colour, share_axis, use_template

HERE, ELSEWHERE = "on this machine", "to download"


def plot_accuracy_against_size(rows: pd.DataFrame, chosen: Collection[str]) -> go.Figure:
    """Draw one point a network with a known accuracy, the chosen ones ringed and named.

    ``rows`` has the columns name, title, accuracy (fraction), parameters (a count) and here (bool); a point holds its
    network's name as ``customdata``.
    """
    known = rows[rows["accuracy"].notna()]
    figure = go.Figure()
    for at, (words, is_here, symbol) in enumerate(((ELSEWHERE, False, "circle"), (HERE, True, "diamond"))):
        part = known[known["here"] == is_here]
        figure.add_scatter(
            x=part["parameters"],
            y=part["accuracy"],
            mode="markers",
            name=words,
            showlegend=bool(len(known) > 0 and known["here"].any()),
            marker={"color": run_colour(at), "symbol": symbol, "size": 11 if is_here else 7, "opacity": 0.75},
            customdata=part["name"],
            text=part["title"],
            hovertemplate="%{text}<br>%{x:.3s} parameters, %{y:.1%}<extra></extra>",
        )
    ringed = known[known["name"].isin(list(chosen))]
    figure.add_scatter(
        x=ringed["parameters"],
        y=ringed["accuracy"],
        mode="markers+text",
        text=ringed["title"],
        textposition="top center",
        textfont={"weight": "bold"},
        marker={"size": 16, "symbol": "circle-open", "line": {"width": 2}, "color": run_colour(2)},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(type="log", title="parameters", exponentformat="B", dtick=1)
    figure.update_yaxes(title="top-1 accuracy on ImageNet-1k", **share_axis())
    figure.update_layout(
        height=330,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend=LEGEND_ABOVE,
        clickmode="event+select",
        uirevision="catalogue",
    )
    return use_template(figure)
