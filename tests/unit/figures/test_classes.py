"""The chart of classes shows what it is given."""

from __future__ import annotations

from tlviz.figures.classes import MOST_BARS, plot_class_bars


def test_bars_are_stacked_by_part_and_parts_without_images_have_none() -> None:
    figure = plot_class_bars(["cat", "dog"], {"training": [8, 4], "validation": [2, 1], "test": [0, 0]})
    assert {bar.name: list(bar.x) for bar in figure.data} == {"training": [8, 4], "validation": [2, 1]}


def test_many_classes_stay_readable() -> None:
    figure = plot_class_bars([f"c{n}" for n in range(100)], {"training": [1] * 100})
    assert len(figure.data[0].x) == MOST_BARS
