"""What the trust check measured is drawn as it was measured."""

from __future__ import annotations

import numpy as np

from tlviz.explore.attribution.randomise import Randomised
from tlviz.explore.attribution.sanity_checks import Game
from tlviz.figures.attributions import plot_games, plot_randomised
from tlviz.measures.faithfulness import ProbabilityCurve

FRACTIONS = np.array([0.0, 0.5, 1.0])


def curve(*probabilities: float) -> ProbabilityCurve:
    return ProbabilityCurve(FRACTIONS, np.array(probabilities))


def test_each_game_has_its_own_half_with_its_misplaced_copies_behind_it() -> None:
    deletion = Game(curve(0.9, 0.2, 0.1), (curve(0.9, 0.6, 0.1), curve(0.9, 0.7, 0.1)))
    insertion = Game(curve(0.1, 0.8, 0.9), (curve(0.1, 0.3, 0.9),))
    traces = plot_games(deletion, insertion).data
    assert [(trace.name, trace.xaxis, list(trace.y)) for trace in traces] == [
        ("misplaced copies", "x", [0.9, 0.6, 0.1]),
        ("misplaced copies", "x", [0.9, 0.7, 0.1]),
        ("this map", "x", [0.9, 0.2, 0.1]),
        ("misplaced copies", "x2", [0.1, 0.3, 0.9]),
        ("this map", "x2", [0.1, 0.8, 0.9]),
    ]
    assert all(list(trace.x) == [0.0, 0.5, 1.0] for trace in traces)
    assert [trace.showlegend for trace in traces] == [True, False, True, False, False], "each name once"


def test_stages_are_in_the_order_told_and_what_counts_as_alike_is_shaded() -> None:
    figure = plot_randomised([Randomised("head", 0.7), Randomised("body", -0.1)], alike=0.5)
    (line,) = figure.data
    assert (list(line.x), list(line.y)) == (["head", "body"], [0.7, -0.1])
    (shade,) = figure.layout.shapes
    assert (shade.y0, shade.y1) == (0.5, 1.05)
