"""The map of a stage: each image once, turned to fit the stage before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.profiles import made_profile
from tlviz.figures.stage_map import aligned_places, frame_of, on_axes, shown_images


def test_nearly_all_images_of_all_stages_lie_in_one_frame() -> None:
    profile = made_profile()
    places = aligned_places(profile)
    (left, right), (bottom, top) = frame_of(places)
    here = on_axes(places["body"], frame_of(places))
    assert here.shape == (12, 2)
    assert np.abs(here).max() <= 1
    corners = on_axes(np.array([[left, bottom], [right, top], [9 * right, 0.5 * (bottom + top)]]), frame_of(places))
    assert corners == pytest.approx(np.array([[-1, -1], [1, 1], [1, 0]])), "a far one stands at the edge"
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
