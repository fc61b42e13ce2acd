"""Colours are told apart by every eye, on a white and on a near-black page."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from numpy.typing import NDArray

from tlviz.figures.theme import (
    HEAD_COLOUR,
    TEMPLATE,
    browser_data,
    chart_config,
    close_range,
    keyed,
    png_config,
    register_template,
    run_colour,
    share_axis,
    stage_colours,
    use_template,
)
from tlviz.program import PROJECTOR

WHITE, DARK = "#ffffff", "#11161d"
COUNTS = [2, 3, 10, 16, 24]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
EYES = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> NDArray[np.float64]:
    """Return the linear red, green and blue (3,) of #rrggbb."""
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    darker, lighter = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lightness, green-red and blue-yellow (3,) of linear RGB (Ottosson, 2020)."""
    to_lms = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.21190350, 0.68069955, 0.10739696],
        [0.08830246, 0.28171884, 0.62997870],
    ]
    to_lab = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.97799849, -2.42859220, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
    return np.asarray(to_lab) @ np.cbrt(np.clip(np.asarray(to_lms) @ rgb, 0, None))


def test_contrast_of_white_on_black_is_21() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("background", [WHITE, DARK, "#0e1117"])
def test_stage_colours_read_on_light_and_dark(count: int, background: str) -> None:
    assert min(contrast(colour, background) for colour in stage_colours(count)) >= 3


@pytest.mark.parametrize("count", COUNTS)
def test_stages_have_distinct_colours_and_the_head_a_neutral_one(count: int) -> None:
    colours = stage_colours(count)
    assert len(set(colours)) == len(colours) == count
    chroma = [float(np.hypot(*oklab(linear(colour))[1:])) for colour in colours]
    assert colours[-1] == HEAD_COLOUR
    assert chroma[-1] < 0.03 < 0.1 < min(chroma[:-1])


def test_ramp_runs_from_blue_to_orange() -> None:
    first, *_, last, _ = stage_colours(10)
    assert oklab(linear(first))[2] < -0.08
    assert oklab(linear(last))[2] > 0.08


@pytest.mark.parametrize("eye", EYES)
def test_ramp_stays_in_order_for_every_eye(eye: str) -> None:
    seen = [oklab(np.asarray(EYES[eye]) @ linear(colour)) for colour in stage_colours(10)[:-1]]
    from_first = [float(np.linalg.norm(colour - seen[0])) for colour in seen]
    assert all(nearer < farther for nearer, farther in pairwise(from_first))
    assert min(float(np.linalg.norm(b - a)) for a, b in pairwise(seen)) > 0.02


def test_few_stages() -> None:
    assert stage_colours(0) == []
    assert stage_colours(1) == [HEAD_COLOUR]


@pytest.mark.parametrize("run", range(9))
def test_run_colours_read_on_light_and_dark(run: int) -> None:
    assert contrast(run_colour(run), DARK) >= 3
    assert contrast(run_colour(run), WHITE) >= (3 if run < 3 else 2.2)


def test_template_is_registered_once_and_transparent() -> None:
    name = register_template()
    first = pio.templates[name]
    assert register_template() == name == TEMPLATE
    assert pio.templates[name] is first
    figure = use_template(go.Figure())
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_template_ink_reads_on_light_and_dark() -> None:
    register_template()
    ink = pio.templates[TEMPLATE].layout.font.color
    assert min(contrast(ink, WHITE), contrast(ink, DARK)) >= 4


def test_run_colours_are_distinct_and_repeat() -> None:
    assert len({run_colour(at) for at in range(9)}) == 9
    assert run_colour(9) == run_colour(0)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([], [0, 1.02]), ([0.63, 0.78], [0.6, 0.8]), ([0.6, 0.8], [0.5, 0.9]), ([0.01], [0, 0.1]),
        ([0.95, 1.0], [0.9, 1.02]), ([0.0, 1.0], [0, 1.02]),
    ],
)  # fmt: skip
def test_an_axis_shows_the_range_that_matters(values: list[float], shown: list[float]) -> None:
    assert close_range(values) == pytest.approx(shown)


def test_the_axis_of_what_still_grows_only_widens() -> None:
    values = np.random.default_rng(0).beta(8, 3, 200)
    ranges = [close_range(values[:count]) for count in range(1, 201)]
    assert all(later[0] <= before[0] and later[1] >= before[1] for before, later in pairwise(ranges))
    assert len({tuple(one) for one in ranges}) < 12, "and seldom"
    assert all(low <= min(values[:at]) and max(values[:at]) <= high for at, (low, high) in enumerate(ranges, 1))


def test_an_axis_of_accuracies_ends_at_100_percent() -> None:
    linear_axis, log_axis = share_axis(), share_axis(is_log=True)
    assert linear_axis["maxallowed"] == 1.02
    assert 10 ** float(str(log_axis["maxallowed"])) == pytest.approx(1.02), "the ends of a log axis are exponents"
    go.Figure().update_yaxes(**linear_axis).update_xaxes(type="log", **log_axis)


def test_no_bar_lies_on_a_chart_and_the_camera_alone_where_it_has_room() -> None:
    assert chart_config()["displayModeBar"] is False
    held = png_config("curve")
    assert (held["displayModeBar"], held["displaylogo"]) == ("hover", False)
    assert "toImage" not in str(held["modeBarButtonsToRemove"])


def test_a_label_has_its_colour_in_a_sign_and_not_in_its_words() -> None:
    assert keyed("Clip art", "#D55E00", "◆") == '<span style="color:#D55E00">◆</span> Clip art'


def test_a_projector_has_larger_type_and_marks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> go.Figure:
        figure = go.Figure(go.Scatter(x=[1], y=[2], marker={"size": 10}, line={"width": 2}))
        figure.add_trace(go.Bar(x=[1], y=[2])).add_trace(go.Scatter(x=[1, 2], y=[2, 3], marker={"size": [5, 15]}))
        figure.add_annotation(text="here", font={"size": 12})
        return use_template(figure)

    usual = drawn()
    assert (usual.data[0].marker.size, usual.layout.font.size) == (10, None)
    monkeypatch.setenv(PROJECTOR, "1")
    large = drawn()
    browser_data(large)
    assert (large.data[0].marker.size, large.data[0].line.width, large.layout.font.size) == (15, 3, 18)
    assert list(large.data[2].marker.size) == [7.5, 22.5]
    assert large.layout.annotations[0].font.size == 18
