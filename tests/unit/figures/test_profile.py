"""The curve of general and specific shows exactly what a profile holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profiles import made_profile
from tlviz.figures.depth import DepthScale
from tlviz.figures.profile import plot_probe_curves
from tlviz.figures.profile_numbers import StageCurve, curve_of
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
