"""What the trust check measured: removing and adding what a map marks, and a network that forgets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tlviz.explore.attribution.randomise import Randomised
from tlviz.explore.attribution.sanity_checks import Game
from tlviz.figures.theme import run_colour, use_template

_HEIGHT = 260
_CHANCE = "rgba(128,128,128,0.45)"


def plot_games(deletion: Game, insertion: Game) -> go.Figure:
    """Draw the class's probability while what the map marks is removed, and added, beside misplaced copies in grey."""
    titles = ("removed, most important first", "added, most important first")
    figure = make_subplots(rows=1, cols=2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.08)
    for column, game in ((1, deletion), (2, insertion)):
        x, band = game.curve.fractions, np.stack([curve.probabilities for curve in game.chance])
        for at, values in enumerate(band):
            figure.add_scatter(
                x=x, y=values, mode="lines", line={"color": _CHANCE, "width": 1}, name="misplaced copies",
                legendgroup="chance", showlegend=column == 1 and at == 0, hoverinfo="skip", row=1, col=column,
            )  # fmt: skip
        figure.add_scatter(
            x=x, y=game.curve.probabilities, mode="lines", line={"color": run_colour(0), "width": 3}, name="this map",
            legendgroup="map", showlegend=column == 1, row=1, col=column,
            hovertemplate="%{x:.0%} of the pixels: probability %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="share of the pixels", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title_text="probability of the class", range=[0, 1.02], tickformat=".0%", row=1, col=1)
    legend = {"orientation": "h", "y": -0.3, "x": 0}
    figure.update_layout(height=_HEIGHT + 40, margin={"t": 36, "b": 70}, legend=legend)
    return use_template(figure)


def plot_randomised(randomised: Sequence[Randomised], alike: float) -> go.Figure:
    """Draw how alike the map stays while stage after stage forgets what it has learned, from the head down."""
    figure = go.Figure()
    names = [depth.stage for depth in randomised]
    figure.add_scatter(
        x=names, y=[depth.correlation for depth in randomised], mode="lines+markers",
        line={"color": run_colour(1), "width": 3}, showlegend=False,
        hovertemplate="%{x} and all above random: similarity %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_hrect(y0=alike, y1=1.05, fillcolor=_CHANCE, opacity=0.25, line_width=0)
    figure.update_xaxes(title_text="random from the head down to", type="category")
    figure.update_yaxes(title_text="similarity (1: unchanged)", range=[-0.55, 1.05])
    figure.update_layout(height=_HEIGHT, margin={"t": 12})
    return use_template(figure)
