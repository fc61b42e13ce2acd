"""The curve of general and specific shows exactly what a profile holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile, with_stage
from tlviz.figures.depth import DepthScale, lay_out
from tlviz.figures.profile import plot_probe_curves
from tlviz.figures.profile_numbers import StageCurve, band, best_stage, curve_of, finding, gain, spread
from tlviz.figures.theme import run_colour, stage_colours


@pytest.fixture
def curve() -> StageCurve:
    return replace(curve_of(made_profile(), "Clip art", 1), costs=(0.2, 0.3, 0.4, 0.1), freeze=2)


def trace(figure: object, name: str) -> object:
    return next(part for part in figure.data if part.name == name)  # type: ignore[attr-defined]


def test_stages_lie_side_by_side_and_their_points_in_the_middle() -> None:
    blocks = lay_out(("a", "b"), (), DepthScale.STAGES)
    assert [(block.name, block.left, block.middle, block.right) for block in blocks] == [
        ("a", 0, 0.5, 1), ("b", 1, 1.5, 2), ("head", 2, 2.5, 3),
    ]  # fmt: skip
    assert [block.right for block in lay_out(("a", "b"), (), DepthScale.DEPTH)] == pytest.approx([1 / 3, 2 / 3, 1])
    by_compute = lay_out(("a", "b"), (1, 2, 1), DepthScale.COMPUTE)
    assert [block.right for block in by_compute] == [0.25, 0.75, 1]
    assert [block.right for block in lay_out(("a",), (), DepthScale.COMPUTE)] == [0.5, 1]


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


def test_the_chart_holds_the_profile(curve: StageCurve) -> None:
    figure = plot_probe_curves([curve], "A title")
    probe, control, strip = (trace(figure, name) for name in ("Clip art", "random weights", "stages"))
    assert list(probe.y) == [0.5, 0.8, 0.7]
    assert list(probe.x) == list(control.x) == [0.5, 1.5, 2.5]
    assert list(probe.marker.color) == stage_colours(4)[:-1]
    assert probe.line.color == run_colour(1)
    assert list(control.y) == [0.4, 0.4, 0.4]
    assert control.line.dash == "dot"
    assert list(trace(figure, "Clip art, one standard error").y) == pytest.approx([0.52, 0.82, 0.72, 0.68, 0.78, 0.48])
    assert list(strip.marker.color) == stage_colours(4)
    assert list(strip.marker.pattern.shape) == ["/", "/", "", ""]
    assert figure.layout.title.text == "A title"
    marker = next(shape for shape in figure.layout.shapes if shape.x0 == 2)
    assert (marker.x1, marker.yref) == (2, "paper")
    words = [note.text for note in figure.layout.annotations]
    assert "advice: freeze to body" in " ".join(words)
    assert "chance 33%" in words


def test_no_advice_no_marker_and_nothing_hatched(curve: StageCurve) -> None:
    figure = plot_probe_curves([replace(curve, freeze=None)], "")
    assert not any(shape.yref == "paper" for shape in figure.layout.shapes)
    assert set(trace(figure, "stages").marker.pattern.shape) == {""}
    nothing = plot_probe_curves([replace(curve, freeze=0)], "")
    assert any("freeze nothing" in note.text for note in nothing.layout.annotations)


def test_targets_of_one_network_share_its_strip(curve: StageCurve) -> None:
    other = curve_of(made_profile(data="photos", probes=(0.6, 0.7, 0.9)), "Photos", 0)
    figure = plot_probe_curves([curve, other], "")
    assert [part.name for part in figure.data].count("stages") == 1
    assert list(trace(figure, "Photos").y) == [0.6, 0.7, 0.9]
    assert trace(figure, "Photos").marker.color == run_colour(0)
    assert trace(figure, "Photos").marker.symbol != trace(figure, "Clip art").marker.symbol


def test_networks_have_a_strip_each_and_shares_of_the_way(curve: StageCurve) -> None:
    profile = made_profile("other", probes=(0.6, 0.7), names=("one", "two"))
    other = replace(curve_of(profile, "Other", 2), costs=(0.5, 0.25, 0.25))
    figure = plot_probe_curves([curve, other], "", scale=DepthScale.COMPUTE)
    assert [part.name for part in figure.data].count("stages") == 2
    assert list(trace(figure, "Other").x) == pytest.approx([0.25, 0.625])
    assert list(trace(figure, "Clip art").x) == pytest.approx([0.1, 0.35, 0.7])
