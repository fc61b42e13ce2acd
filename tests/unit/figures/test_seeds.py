"""Every seed is a dot of its value's colour, beside the mean and its error."""

from __future__ import annotations

import pytest

from tests.unit.runs.races.test_verdict import standing
from tlviz.figures.seeds import plot_seeds, seed_offsets
from tlviz.figures.theme import run_colour


def test_a_row_has_a_dot_for_each_seed_and_the_mean_with_its_error() -> None:
    first = standing("Full", 0.8, 0.02, scores=((0, 0.79), (1, 0.81)))
    second = standing("<b>", 0.7, None, scores=((0, 0.7),))
    waiting = standing("Gradual", None, None, scores=())
    figure = plot_seeds([first, second, waiting], {"Full": 5, "<b>": 2, "Gradual": 3}, "r")
    mean, dots, other_mean, other_dots = figure.data
    assert (list(dots.x), list(dots.customdata)) == ([0.79, 0.81], [0, 1])
    assert (list(mean.x), list(mean.y), list(mean.error_x.array)) == ([0.8], [0], [0.02])
    assert dots.marker.color == mean.error_x.color == run_colour(5)
    assert (other_dots.marker.color, list(other_dots.y), list(other_mean.error_x.array)) == (run_colour(2), [1.0], [0])
    assert list(figure.layout.yaxis.ticktext) == ["Full", "&lt;b&gt;"], "the best on top, nothing that has no result"
    low, high = figure.layout.xaxis.range
    assert 0.6 <= low < 0.7
    assert 0.82 < high <= 0.9


@pytest.mark.parametrize(("count", "places"), [(1, [0.0]), (2, [-0.24, 0.24]), (3, [-0.24, 0.0, 0.24])])
def test_dots_of_a_row_lie_apart(count: int, places: list[float]) -> None:
    assert seed_offsets(count) == pytest.approx(places)
