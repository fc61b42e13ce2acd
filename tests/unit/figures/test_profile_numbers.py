"""The numbers and words of a profile, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile, with_stage
from tlviz.figures.profile_numbers import (
    Shown,
    StageCurve,
    band,
    best_stage,
    curve_of,
    finding,
    gain,
    how_to_read,
    point_words,
    random_band,
    spread,
    spread_of,
    values,
)


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


def test_gains_are_drawn_in_points_with_their_own_error(curve: StageCurve) -> None:
    assert values(curve, Shown.GAIN) == pytest.approx([10, 40, 30])
    assert values(curve, Shown.ACCURACY) == [0.5, 0.8, 0.7]
    low, high = band(curve, Shown.GAIN)
    assert low == pytest.approx([7, 37, 27])
    assert high == pytest.approx([13, 43, 33])
    old = replace(curve, gain_se=())
    assert band(old, Shown.GAIN)[0] == pytest.approx([8, 38, 28])


def test_the_spread_of_random_weights_is_known_only_of_several_draws() -> None:
    assert spread_of(made_profile()) == ()
    drawn = curve_of(with_stage(made_profile(), 1, random_spread=0.02), "Clip art", 1)
    assert drawn.random_spread == (0.0, 0.02, 0.0)
    low, high = random_band(drawn, Shown.ACCURACY)
    assert (low, high) == (pytest.approx([0.4, 0.38, 0.4]), pytest.approx([0.4, 0.42, 0.4]))
    low, high = random_band(drawn, Shown.GAIN)
    assert (low, high) == (pytest.approx([0, -2, 0]), pytest.approx([0, 2, 0]))


def test_a_point_tells_its_gain_its_probe_and_what_random_weights_reach(curve: StageCurve) -> None:
    assert point_words(curve)[1] == (
        "+40.0 ± 3.0 points over random weights<br>probe 80.0% ± 2.0%<br>random weights 40.0%"
    )
    drawn = replace(curve, random_spread=(0.0, 0.02, 0.0))
    assert point_words(drawn)[1].endswith("random weights 40.0%, draws differ by 2.0 points")
    assert point_words(replace(curve, gain_se=()))[1].startswith("+40.0 points over")


def test_how_to_read_names_only_what_is_drawn(curve: StageCurve) -> None:
    drawn = replace(curve, random_spread=(0.0, 0.02, 0.0))
    alone = how_to_read([drawn], Shown.ACCURACY)
    assert "shaded: the gain" in alone
    assert "Grey:" in alone
    assert "Permuted labels" in alone
    assert "Grey:" not in how_to_read([curve], Shown.ACCURACY)
    other = replace(curve, permuted=(), chance=0.1, label="Digits")
    both = how_to_read([curve, other], Shown.ACCURACY)
    assert "dotted in a curve's colour: its own random weights" in both
    assert "Guessing gets 33% on Clip art, 10% on Digits." in both
    assert "Guessing" not in how_to_read([curve, curve], Shown.ACCURACY)
    gains = how_to_read([drawn, other], Shown.GAIN)
    assert "which is zero here" in gains
    assert "includes how much draws of random weights differ" in gains
    assert "draws" not in how_to_read([curve, other], Shown.GAIN)
    assert "Permuted" not in gains
    assert "Guessing" not in gains
