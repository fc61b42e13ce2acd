"""The numbers and words of a profile, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile, with_stage
from tlviz.figures.profile_numbers import StageCurve, band, best_stage, curve_of, finding, gain, spread


@pytest.fixture
def curve() -> StageCurve:
    return replace(curve_of(made_profile(), "Clip art", 1), costs=(0.2, 0.3, 0.4, 0.1), freeze=2)


def test_band_is_one_standard_error_within_what_an_accuracy_can_be(curve: StageCurve) -> None:
    low, high = band(curve)
    assert low == pytest.approx([0.48, 0.78, 0.68])
    assert high == pytest.approx([0.52, 0.82, 0.72])
    assert band(replace(curve, probe=(0.01, 0.99, 1.0))) == (
        pytest.approx([0, 0.97, 0.98]), pytest.approx([0.03, 1, 1]),
    )  # fmt: skip


def test_gain_and_best(curve: StageCurve) -> None:
    assert gain(curve) == pytest.approx([0.1, 0.4, 0.3])
    assert best_stage(curve.probe) == 1
    assert best_stage((0.8, 0.8, 0.7)) == 0


def test_the_finding_in_words() -> None:
    costly = with_stage(made_profile(), 2, behind=0.1, behind_se=0.02)
    assert finding(costly) == "best at body, 80 ± 2 %; the last stage costs 10.0 points; +40 points over random"
    rising = made_profile(probes=(0.5, 0.7, 0.8))
    assert finding(rising) == "best at top, 80 ± 2 %; +40 points over random"
    early = with_stage(made_profile(probes=(0.8, 0.7, 0.7)), 2, behind=0.1, behind_se=0.02)
    assert "the last 2 stages cost 10.0 points" in finding(early)
    sure = with_stage(made_profile(), 1, probe_se=0.004, gain=0.011)
    assert finding(sure) == "best at body, 80.0 ± 0.4 %; the last stage costs 10.0 points; +1.1 points over random"
    unsure = with_stage(made_profile(), 2, behind=0.1, behind_se=0.12)
    assert "cost" not in finding(unsure)


def test_labels_are_moved_apart_and_no_more() -> None:
    assert spread([0.5, 0.9], 0.1) == [0.5, 0.9]
    assert spread([0.5, 0.52, 0.1], 0.1) == pytest.approx([0.42, 0.52, 0.1])
    assert spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.5, 0.4, 0.3])
