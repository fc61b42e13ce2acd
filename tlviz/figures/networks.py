"""Which source fits a target best: every network's best probe with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import plotly.graph_objects as go

from tlviz.figures.theme import run_colour, use_template

ROW_HEIGHT = 44


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network on the target: its best probe and where that is, as fractions with one standard error."""

    name: str
    title: str
    stage: str
    accuracy: float
    se: float


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the networks, the best first; equal ones by their names."""
    return sorted(candidates, key=lambda candidate: (-candidate.accuracy, candidate.name))


def tied_with_best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the networks that one standard error of the difference does not tell from the best, the best first.

    The errors are taken as independent, which on the same images errs on the side of calling a tie.
    """
    order = ranked(candidates)
    best = order[0]
    return [best, *(other for other in order[1:] if best.accuracy - other.accuracy <= hypot(best.se, other.se))]


def fit_in_words(candidates: Sequence[Candidate]) -> str:
    """Say which network fits best, or which ones are tied."""
    tied = tied_with_best(candidates)
    best = tied[0]
    if len(candidates) == 1:
        return f"{best.title} reaches {best.accuracy:.0%} ± {best.se:.0%} at {best.stage}; measure another to compare."
    if len(tied) == 1:
        second = ranked(candidates)[1]
        points = 100 * (best.accuracy - second.accuracy)
        return f"{best.title} fits best: {best.accuracy:.0%} at {best.stage}, {points:.1f} points above {second.title}."
    names = f"{', '.join(c.title for c in tied[:-1])} and {tied[-1].title}"
    return f"A tie: {names} are not distinguishable within one standard error (best {best.accuracy:.0%})."


def plot_networks(candidates: Sequence[Candidate]) -> go.Figure:
    """Draw a dot a network with its standard error, the best on top; those tied with it are filled."""
    order = ranked(candidates)[::-1]
    tied = {candidate.name for candidate in tied_with_best(candidates)}
    figure = go.Figure(
        go.Scatter(
            x=[candidate.accuracy for candidate in order],
            y=[candidate.title for candidate in order],
            error_x={"type": "data", "array": [candidate.se for candidate in order], "thickness": 1.5},
            mode="markers",
            marker={
                "size": 12,
                "color": run_colour(0),
                "symbol": ["circle" if candidate.name in tied else "circle-open" for candidate in order],
            },
            customdata=[(candidate.stage, candidate.se) for candidate in order],
            hovertemplate="%{y}: %{x:.1%} ± %{customdata[1]:.1%} at %{customdata[0]}<extra></extra>",
        )
    )
    figure.update_xaxes(title="best probe accuracy", tickformat=".0%")
    figure.update_yaxes(type="category")
    figure.update_layout(height=110 + ROW_HEIGHT * len(order), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return use_template(figure)
