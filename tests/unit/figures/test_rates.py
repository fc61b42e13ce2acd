"""The curve of a range test marks the suggested rate."""

from __future__ import annotations

from tlviz.figures.rates import plot_range_test


def test_the_suggested_rate_is_marked_on_the_curve() -> None:
    figure = plot_range_test([1e-3, 1e-2, 1e-1], [2.0, 1.0, 3.0], 1e-2)
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([1e-2], [1.0])
    assert len(plot_range_test([1e-3], [2.0], None).data) == 1
