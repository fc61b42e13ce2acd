"""The charts of networks and of classes show what they are given."""

from __future__ import annotations

import pandas as pd

from tlviz.figures.catalogue import HERE, plot_accuracy_against_size
from tlviz.figures.classes import MOST_BARS, plot_class_bars


def test_only_networks_with_a_stated_accuracy_are_points_and_the_chosen_are_named() -> None:
    rows = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "title": ["A", "B", "C"],
            "accuracy": [0.7, None, 0.8],
            "parameters": [1e6, 2e6, 3e6],
            "here": [True, True, False],
        }
    )
    figure = plot_accuracy_against_size(rows, ["a"])
    points = {trace.name: list(trace.customdata) for trace in figure.data[:2]}
    assert points[HERE] == ["a"]
    assert sorted(name for names in points.values() for name in names) == ["a", "c"]
    assert list(figure.data[2].text) == ["A"]


def test_bars_are_stacked_by_part_and_parts_without_images_have_none() -> None:
    figure = plot_class_bars(["cat", "dog"], {"training": [8, 4], "validation": [2, 1], "test": [0, 0]})
    assert {bar.name: list(bar.x) for bar in figure.data} == {"training": [8, 4], "validation": [2, 1]}


def test_many_classes_stay_readable() -> None:
    figure = plot_class_bars([f"c{n}" for n in range(100)], {"training": [1] * 100})
    assert len(figure.data[0].x) == MOST_BARS
