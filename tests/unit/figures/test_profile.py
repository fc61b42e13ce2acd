"""The curve of general and specific shows exactly what a profile holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile
from tlviz.figures.depth import DepthScale
from tlviz.figures.profile import plot_probe_curves
from tlviz.figures.profile_numbers import Shown, StageCurve, curve_of
from tlviz.figures.theme import run_colour, stage_colours


@pytest.fixture
def curve() -> StageCurve:
    return replace(curve_of(made_profile(), "Clip art", 1), costs=(0.2, 0.3, 0.4, 0.1), freeze=2)


def trace(figure: object, name: str) -> object:
    return next(part for part in figure.data if part.name == name)  # type: ignore[attr-defined]


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
    assert not any(note.font.color for note in figure.layout.annotations), "words have the ink of the page"
    assert any(run_colour(curve.colour) in text and curve.label in text for text in words)


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


def test_gains_of_several_targets_are_held_against_the_same_zero(curve: StageCurve) -> None:
    other = curve_of(made_profile(data="digits", probes=(0.45, 0.41, 0.4)), "Digits", 2)
    figure = plot_probe_curves([curve, other], "", shown=Shown.GAIN)
    assert list(trace(figure, "Clip art").y) == pytest.approx([10, 40, 30])
    assert list(trace(figure, "Digits").y) == pytest.approx([5, 1, 0])
    assert "permuted labels" not in [part.name for part in figure.data]
    assert not [part.name for part in figure.data if "random weights" in part.name]
    words = [note.text for note in figure.layout.annotations]
    assert "random weights" in words
    assert not any("chance" in text for text in words)
    assert any("advice for Clip art: freeze to body" in text for text in words)
    assert any(shape.y0 == shape.y1 == 0 for shape in figure.layout.shapes)
    low, high = figure.layout.yaxis.range
    assert low < -3
    assert high > 43


def test_the_axis_of_gains_does_not_enlarge_noise(curve: StageCurve) -> None:
    nothing = curve_of(made_profile(probes=(0.4, 0.401, 0.4)), "Digits", 2)
    assert plot_probe_curves([nothing, nothing], "", shown=Shown.GAIN).layout.yaxis.range[1] > 10


def test_accuracies_of_several_targets_have_their_own_random_weights(curve: StageCurve) -> None:
    other = replace(curve_of(made_profile(data="digits"), "Digits", 2), random=(0.7, 0.7, 0.7), chance=0.1)
    figure = plot_probe_curves([curve, other], "")
    control = trace(figure, "Digits, random weights")
    assert list(control.y) == [0.7, 0.7, 0.7]
    assert (control.line.color, control.line.dash) == (run_colour(2), "dot")
    assert list(trace(figure, "Clip art, random weights").y) == [0.4, 0.4, 0.4]
    assert not any("chance" in note.text for note in figure.layout.annotations), "there are two"
    same = plot_probe_curves([curve, replace(other, chance=curve.chance)], "")
    assert any(note.text == "chance 33%" for note in same.layout.annotations)


def test_the_spread_of_random_weights_is_drawn_around_them(curve: StageCurve) -> None:
    drawn = replace(curve, random_spread=(0.0, 0.02, 0.01))
    area = trace(plot_probe_curves([drawn], ""), "spread of random weights")
    assert list(area.y) == pytest.approx([0.4, 0.42, 0.41, 0.39, 0.38, 0.4])
    assert "spread of random weights" not in [part.name for part in plot_probe_curves([curve], "").data]
