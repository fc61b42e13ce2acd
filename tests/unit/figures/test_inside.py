"""Stages keep their colours inside a run, and a chart shows exactly what the run told."""

from __future__ import annotations

from tlviz.figures.inside import plot_by_stage, plot_similarity
from tlviz.figures.theme import HEAD_COLOUR, stage_colours

EPOCHS = [
    {"epoch": 1, "rates": {"head": 1e-3}},
    {"epoch": 2, "rates": {"stem": 1e-5, "body": 1e-4, "head": 5e-4}},
]


def test_a_line_a_stage_in_its_own_colour_from_when_it_trains() -> None:
    figure = plot_by_stage(EPOCHS, "rates", ["stem", "body", "head"], "rate", is_log=True)
    lines = {line.name: (list(line.x), list(line.y), line.line.color) for line in figure.data}
    first, second, _ = stage_colours(3)
    assert lines == {
        "stem": ([2], [1e-5], first),
        "body": ([2], [1e-4], second),
        "head": ([1, 2], [1e-3, 5e-4], HEAD_COLOUR),
    }


def test_backbone_stages_have_the_same_colours_without_the_head() -> None:
    epochs = [{"epoch": 1, "weight_drift": {"stem": 0.1, "body": 0.2}}]
    figure = plot_by_stage(epochs, "weight_drift", ["stem", "body"], "drift", is_log=False)
    assert [line.line.color for line in figure.data] == stage_colours(3)[:2]
    bars = plot_similarity({"stem": 1.0, "body": 0.5}).data[0]
    assert list(bars.marker.color) == stage_colours(3)[:2]
    assert list(bars.y) == [1.0, 0.5]
