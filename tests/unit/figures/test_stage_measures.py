"""Charts beside the probe curve show exactly the numbers they are given, in the stages' colours."""

from __future__ import annotations

from tlviz.figures.stage_measures import coloured_names, plot_similarity_map, plot_stage_bars, plot_stage_lines
from tlviz.figures.theme import stage_colours


def test_similarity_map_has_the_stages_in_their_colours_on_both_axes() -> None:
    figure = plot_similarity_map(["a", "b"], ["a", "b"], [[1.0, None], [0.25, 1.0]])
    cells = figure.data[0]
    assert [list(row) for row in cells.z] == [[1.0, None], [0.25, 1.0]]
    assert (cells.zmin, cells.zmax) == (0, 1)
    first, second, _ = stage_colours(3)
    names = list(figure.layout.xaxis.ticktext)
    assert names == list(figure.layout.yaxis.ticktext) == coloured_names(["a", "b"])
    assert first in names[0]
    assert second in names[1]
    assert names[1].endswith("b")
    written = [(mark.x, mark.y, mark.text, mark.font.color) for mark in figure.layout.annotations]
    assert written == [(0, 0, "1.00", "#000000"), (0, 1, "0.25", "#ffffff"), (1, 1, "1.00", "#000000")]


def test_the_values_of_a_large_map_are_not_written() -> None:
    names = [str(at) for at in range(13)]
    assert not plot_similarity_map(names, names, [[0.5] * 13] * 13).layout.annotations


def test_bars_and_their_level() -> None:
    figure = plot_stage_bars(["a", "b"], [3.0, 0.5], "KID", level=1.0)
    assert list(figure.data[0].y) == [3.0, 0.5]
    assert list(figure.data[0].marker.color) == stage_colours(3)[:-1]
    assert figure.layout.shapes[0].y0 == 1.0
    assert not plot_stage_bars(["a"], [1.0], "KID").layout.shapes


def test_lines_keep_gaps() -> None:
    figure = plot_stage_lines(["a", "b"], {"rank": [4.0, 9.0], "random": [None, 2.0]}, "dimensions", is_log=True)
    assert [(line.name, list(line.y)) for line in figure.data] == [("rank", [4.0, 9.0]), ("random", [None, 2.0])]
    assert figure.layout.yaxis.type == "log"
