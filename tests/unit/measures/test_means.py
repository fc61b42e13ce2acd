"""The mean of what is known."""

from __future__ import annotations

from tlviz.measures.means import mean_of_known


def test_only_known_values_count() -> None:
    assert mean_of_known([1.0, None, 4.0]) == 2.5
    assert mean_of_known(iter([0.0, 0.0])) == 0
    assert mean_of_known([0.1] * 10) == 0.1, "added without rounding on the way"
    assert mean_of_known([None]) is None
    assert mean_of_known([]) is None
