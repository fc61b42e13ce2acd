"""The map of a stage: each image once, turned to fit the stage before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.profiles import made_profile
from tlviz.figures.stage_map import aligned_places, frame_of, plot_stage_map, shown_images


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
