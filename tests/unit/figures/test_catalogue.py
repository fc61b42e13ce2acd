"""The chart of networks shows what it is given."""

from __future__ import annotations

import pandas as pd

from tlviz.figures.catalogue import HERE, plot_accuracy_against_size


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
