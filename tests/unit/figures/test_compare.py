"""Charts of compared runs show exactly the numbers they were given, in the runs' and the stages' own colours."""

from __future__ import annotations

import numpy as np
import pytest
from plotly.colors import hex_to_rgb, unlabel_rgb

from tests.unit.figures.test_theme import contrast
from tlviz.figures.compare import (
    Cost,
    NamedEpochs,
    curve_points,
    plot_confusion,
    plot_cost,
    plot_f1,
    plot_moved,
    plot_reliability,
    plot_run_curves,
)
from tlviz.figures.theme import run_colour, run_line, stage_colours
from tlviz.measures.calibration import calibration

EPOCHS = [{"epoch": 0, "val_accuracy": 0.1, "train_loss": None}, {"epoch": 1, "val_accuracy": 0.5, "train_loss": 2.0}]


def test_a_curve_shows_every_epoch_that_has_the_measure_and_marks_the_best() -> None:
    curve = NamedEpochs("A <b>", EPOCHS, 1)
    assert curve_points(curve, "val_accuracy") == ([0, 1], [0.1, 0.5])
    assert curve_points(curve, "train_loss") == ([1], [2.0])
    assert curve_points(curve, "val_macro_f1") == ([], [])
    line = plot_run_curves([curve], "val_accuracy", "accuracy").data[0]
    assert line.name == "A &lt;b&gt;"
    assert (line.line.color, list(line.marker.symbol)) == (run_colour(0), ["circle", "star"])


def test_seeds_of_one_side_have_one_colour_and_one_entry() -> None:
    curves = [NamedEpochs(name, EPOCHS, 1, place) for name, place in (("A", 5), ("A", 5), ("B", 2))]
    figure = plot_run_curves(curves, "val_accuracy", "accuracy")
    assert [line.line.color for line in figure.data] == [run_colour(5), run_colour(5), run_colour(2)]
    assert [(line.line.color, line.line.dash) for line in figure.data] == [run_line(5), run_line(5), run_line(2)]
    assert [line.showlegend for line in figure.data] == [True, False, True]
    assert figure.data[0].line.dash == figure.data[1].line.dash != figure.data[2].line.dash
    assert list(figure.layout.yaxis.range) == [0.4, 0.6], "epoch 0 is before training"
    bars = plot_f1(["cat"], {"A": np.array([1.0]), "B": np.array([0.5])}, [5, 2]).data
    assert [bar.marker.color for bar in bars] == [run_colour(5), run_colour(2)]


def test_a_confusion_matrix_shows_its_counts_and_shades_by_row() -> None:
    matrix = np.array([[3, 1], [0, 0]])
    figure = plot_confusion(matrix, ["cat", "dog"], 1)
    cells = figure.data[0]
    assert np.array(cells.z).tolist() == [[0.75, 0.25], [0, 0]]
    shades = [at for at, _ in cells.colorscale]
    assert shades.count(0.6) == 2, "no pale cell has a light figure: there is a step where the figures turn light"
    assert [(held.x, held.y, held.text) for held in figure.layout.annotations] == [(0, 0, "3"), (1, 0, "1")]
    assert list(cells.customdata[0][1]) == ["1", "dog", "cat"], "one cat was taken for a dog"


@pytest.mark.parametrize("run", range(4))
def test_the_counts_of_full_cells_can_be_read(run: int) -> None:
    matrix = np.array([[6, 4], [0, 9]])
    figure = plot_confusion(matrix, ["cat", "dog"], run)
    full = {at: colour for at, colour in figure.data[0].colorscale if colour.startswith(("#", "rgb("))}
    assert set(full) == {0.6, 1}, "opaque, so that the page does not decide"
    for (x, y), at in (((0, 0), 0.6), ((1, 1), 1)):
        ink = next(note.font.color for note in figure.layout.annotations if (note.x, note.y) == (x, y))
        red, green, blue = unlabel_rgb(full[at]) if full[at].startswith("rgb") else hex_to_rgb(full[at])
        assert contrast(f"#{int(red):02x}{int(green):02x}{int(blue):02x}", ink) >= 4.5


def test_f1_and_what_moved_have_a_bar_a_run() -> None:
    bars = plot_f1(["cat", "dog"], {"A": np.array([1, 0.5]), "B": np.array([0.2, np.nan])}).data
    assert [bar.name for bar in bars] == ["A", "B"]
    assert list(bars[0].y) == [1, 0.5]
    moved = plot_moved({"A x": {"stem": 0.0, "head": 1.0}, "B y": {"stem": 0.0, "body": 0.2}}, "share").data
    *moved, strip = moved
    assert list(moved[0].hovertext) == list(strip.hovertext) == ["stem", "body", "head"]
    assert list(moved[0].x) == list(moved[1].x) == list(strip.x), "every bar stands on its stage"
    assert list(strip.marker.pattern.shape) == ["/", "", ""], "what moved in no run is hatched"
    assert list(moved[0].y) == [0.0, None, 1.0]
    assert list(moved[0].marker.color) == stage_colours(3)
    assert [set(bar.text) for bar in moved] == [{"A"}, {"B"}]
    assert moved[0].marker.pattern.shape != moved[1].marker.pattern.shape


def test_reliability_and_cost_show_their_numbers() -> None:
    found = calibration(np.repeat([[0.9, 0.1], [0.6, 0.4]], 15, axis=0), np.repeat([0, 1], 15))
    diagonal, line = plot_reliability({"A": found}).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert (list(line.x), list(line.y)) == (pytest.approx([0.6, 0.9]), [0, 1])
    assert list(line.error_y.array) == pytest.approx([1 / 16, 0]), "0 of 15 right may be one of 16"
    front, first, _ = plot_cost([Cost("A", 2, 0.5, 0.1), Cost("B", 3, 0.4, 0.1)], [0], "seconds", is_log=False).data
    assert list(front.y) == [0.5, 0.5], "the front goes on to the dearest run"
    assert (list(front.x), list(first.x), list(first.y)) == ([2, 3], [2], [0.5])
