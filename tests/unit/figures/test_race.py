"""The table of a race holds the points of its picture."""

from __future__ import annotations

import pytest

from tests.unit.runs.made_races import hits, write_race
from tlviz.figures.race import Axis, Measure, lines_csv, plot_race, race_lines
from tlviz.figures.theme import run_line
from tlviz.runs.places import strategy_place
from tlviz.runs.races.race import read_race


def test_the_table_holds_exactly_the_points_of_the_picture() -> None:
    results = {(name, seed): [hits(n + seed, 10) for n in (3, 5, 6)] for name in ("full", "gradual") for seed in (0, 2)}
    race = read_race(write_race(results))
    lines = race_lines(race, Measure.ACCURACY, Axis.SECONDS)
    figure = plot_race(lines, Measure.ACCURACY, Axis.SECONDS, is_log=False, epochs=9, revision="r")
    curves = [trace for trace in figure.data if trace.mode == "lines+markers"]
    rows = [row.split(",") for row in lines_csv(lines, Measure.ACCURACY, Axis.SECONDS).splitlines()]
    assert rows[0] == ["what", "epoch", "seconds", "validation_accuracy", "lowest", "highest", "seeds"]
    drawn = [(trace.name, float(x), float(y)) for trace in curves for x, y in zip(trace.x, trace.y, strict=True)]
    assert [(row[0], float(row[2]), float(row[3])) for row in rows[1:]] == drawn
    assert list(figure.layout.yaxis.range) == [0.4, 0.9], "epoch 0 lies below: the range is that of training"
    assert {(trace.line.color, trace.line.dash) for trace in curves} == {
        run_line(strategy_place(name)) for name in ("full", "gradual")
    }
    assert drawn[:3] == [("Full", 0.0, pytest.approx(0.4)), ("Full", 1.5, pytest.approx(0.6)), ("Full", 3.0, 0.7)]
    assert [row[4:] for row in rows[1:4]] == [["0.3", "0.5", "2"], ["0.5", "0.7", "2"], ["0.6", "0.8", "2"]]
    switch = next(trace for trace in figure.data if trace.name == "more stages are unfrozen from here")
    assert list(switch.x) == [1.5, 1.5], "unfrozen for epoch 2: marked at the end of epoch 1"
    smooth = race_lines(race, Measure.ERROR, Axis.EPOCHS, 0.5)[0]
    assert [row.mean for row in smooth.rows] == pytest.approx([0.6, 0.5, 0.4])
    assert smooth.best is not None
    assert smooth.best.epoch == 2
