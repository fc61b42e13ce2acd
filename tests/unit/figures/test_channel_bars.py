"""Bars of classes are in order and on the scale they are told."""

from __future__ import annotations

from tlviz.figures.channel_bars import MOST_BARS, plot_class_changes, plot_class_means


def test_bars_are_the_strongest_classes_in_order() -> None:
    means = [0.1, 0.5, float("nan"), *[0.2] * 10]
    figure = plot_class_means([f"class {at}" for at in range(13)], means)
    (bars,) = figure.data
    assert len(bars.x) == MOST_BARS
    assert list(bars.customdata[:3]) == ["class 1", "class 3", "class 4"]
    assert "nan" not in map(str, bars.x)


def test_charts_of_several_networks_share_their_scale() -> None:
    ends = [plot_class_means(("a", "b"), means, 8.0).layout.xaxis.range[1] for means in ((1.0, 2.0), (8.0, 0.5))]
    assert ends[0] == ends[1] >= 8


def test_changes_are_the_largest_first_on_a_scale_with_zero_in_the_middle() -> None:
    figure = plot_class_changes(("a", "b", "c", "d"), [0.5, -2.0, float("nan"), 0.0], 2.0)
    assert list(figure.data[0].x) == [-2.0, 0.5, 0.0]
    low, high = figure.layout.xaxis.range
    assert low == -high
    assert high >= 2
    less, more, _ = figure.data[0].marker.color
    assert less != more


def test_no_change_at_all_has_a_chart_too() -> None:
    assert plot_class_changes(("a", "b"), [0.0, 0.0], 0.0).layout.xaxis.range[1] > 0
