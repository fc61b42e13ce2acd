"""Charts beside the probe curve show exactly the numbers they are given, in the stages' colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.profiles import made_profile
from tlviz.diagnose.records import Contest
from tlviz.figures.networks import fit_in_words, plot_networks, ranked
from tlviz.figures.stage_map import aligned_places, frame_of, plot_stage_map, shown_images
from tlviz.figures.stage_measures import coloured_names, plot_similarity_map, plot_stage_bars, plot_stage_lines
from tlviz.figures.theme import stage_colours


def test_similarity_map_has_the_stages_in_their_colours_on_both_axes() -> None:
    figure = plot_similarity_map(["a", "b"], ["a", "b"], [[1.0, None], [0.25, 1.0]])
    cells = figure.data[0]
    assert [list(row) for row in cells.z] == [[1.0, None], [0.25, 1.0]]
    assert (cells.zmin, cells.zmax) == (0, 1)
    first, second, _ = stage_colours(3)
    names = list(figure.layout.xaxis.ticktext)
    assert names == list(figure.layout.yaxis.ticktext) == coloured_names(["a", "b"])
    assert first in names[0]
    assert second in names[1]
    assert names[1].endswith("b")
    written = [(mark.x, mark.y, mark.text, mark.font.color) for mark in figure.layout.annotations]
    assert written == [(0, 0, "1.00", "#000000"), (0, 1, "0.25", "#ffffff"), (1, 1, "1.00", "#000000")]


def test_the_values_of_a_large_map_are_not_written() -> None:
    names = [str(at) for at in range(13)]
    assert not plot_similarity_map(names, names, [[0.5] * 13] * 13).layout.annotations


def test_bars_and_their_level() -> None:
    figure = plot_stage_bars(["a", "b"], [3.0, 0.5], "KID", level=1.0)
    assert list(figure.data[0].y) == [3.0, 0.5]
    assert list(figure.data[0].marker.color) == stage_colours(3)[:-1]
    assert figure.layout.shapes[0].y0 == 1.0
    assert not plot_stage_bars(["a"], [1.0], "KID").layout.shapes


def test_lines_keep_gaps() -> None:
    figure = plot_stage_lines(["a", "b"], {"rank": [4.0, 9.0], "random": [None, 2.0]}, "dimensions", is_log=True)
    assert [(line.name, list(line.y)) for line in figure.data] == [("rank", [4.0, 9.0]), ("random", [None, 2.0])]
    assert figure.layout.yaxis.type == "log"


def test_map_shows_each_image_once_with_its_class() -> None:
    profile = made_profile()
    places = aligned_places(profile)
    figure = plot_stage_map(places["body"], np.array(profile.labels), profile.names, profile.classes, frame_of(places))
    assert {part.name: len(part.x) for part in figure.data} == {"red": 4, "green": 4, "blue": 4}
    names = [name for part in figure.data for _, name in part.customdata]
    assert sorted(names) == sorted(profile.names)
    assert len({(part.marker.color, part.marker.symbol) for part in figure.data}) == 3
    (left, right), (bottom, top) = frame_of(places)
    assert list(figure.layout.xaxis.range) == [left, right]
    assert list(figure.layout.yaxis.range) == [bottom, top]
    everything = np.concatenate(list(places.values()))
    inside = (everything >= [left, bottom]) & (everything <= [right, top])
    assert inside.all(1).mean() > 0.97


def test_a_stage_that_only_turns_and_mirrors_the_one_before_does_not_move() -> None:
    profile = made_profile()
    first = profile.stages[0]
    turned = tuple((-3 * y + 1, -3 * x - 5) for x, y in first.places)
    profile = replace(profile, stages=(first, replace(profile.stages[1], places=turned)))
    places = aligned_places(profile)
    assert places["body"] == pytest.approx(places["stem"], abs=1e-12)
    assert np.mean((places["stem"] ** 2).sum(1)) == pytest.approx(1)


def test_a_stage_without_variance_is_one_point() -> None:
    profile = made_profile()
    flat = replace(profile, stages=(replace(profile.stages[0], places=((0.0, 0.0),) * 12), *profile.stages[1:]))
    assert not aligned_places(flat)["stem"].any()
    assert np.isfinite(aligned_places(flat)["top"]).all()


def test_few_hundred_images_a_like_share_of_each_class() -> None:
    labels = [0] * 900 + [1] * 100
    chosen = shown_images(labels, 200)
    assert len(chosen) == len(set(chosen)) == 200
    assert (chosen >= 900).sum() == pytest.approx(20, abs=1)
    assert list(shown_images([1, 0, 1], 5)) == [0, 1, 2]


def contest(model: str, probe: float, behind: float, *, is_tied: bool) -> Contest:
    return Contest(model, "top", probe, 0.02, behind, 0.015, is_tied)


def test_networks_are_ranked_and_drawn_the_best_on_top() -> None:
    contests = [contest("b", 0.7, 0.1, is_tied=False), contest("a", 0.8, 0.0, is_tied=True)]
    assert [c.model for c in ranked(contests)] == ["a", "b"]
    figure = plot_networks(contests, {"a": "Network A"})
    dots = figure.data[0]
    assert (list(dots.y), list(dots.x)) == (["b", "Network A"], [0.7, 0.8])
    assert list(dots.error_x.array) == [0.02, 0.02]
    assert list(dots.marker.symbol) == ["circle-open", "circle"]


def test_ties_are_called_ties() -> None:
    best, near, far = (
        contest("a", 0.8, 0.0, is_tied=True), contest("b", 0.79, 0.01, is_tied=True),
        contest("c", 0.7, 0.1, is_tied=False),
    )  # fmt: skip
    assert fit_in_words([far, near, best], {"a": "A"}).startswith("A tie: A and b are not distinguishable")
    assert fit_in_words([far, best], {}) == "a fits best: 80% at top, 10.0 ± 1.5 points above c."
    assert "measure another" in fit_in_words([best], {})
