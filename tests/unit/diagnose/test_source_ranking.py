"""Networks are ranked by paired differences, and ties between them are called ties."""

from __future__ import annotations

import pytest

from tests.unit.diagnose.test_records import profile
from tlviz.diagnose.source_ranking import compare_sources
from tlviz.errors import BadSettingError


def test_networks_are_ranked_by_paired_differences_and_ties_are_ties() -> None:
    good = "1" * 90 + "0" * 10
    similar = "1" * 89 + "0" * 10 + "1"
    poor = "10" * 50
    ranking = compare_sources([profile("poor", poor), profile("good", good), profile("similar", similar)])
    assert [(c.model, c.is_tied) for c in ranking] == [("good", True), ("similar", True), ("poor", False)]
    assert ranking[0].behind == 0
    assert ranking[2].behind == pytest.approx(0.4)
    assert 0 < ranking[2].behind_se < 0.08
    assert compare_sources([]) == ()
    with pytest.raises(BadSettingError, match="the same images"):
        compare_sources([profile("one", good), profile("two", good, "elsewhere")])
