"""The map keeps what is alike together, and always comes out the same."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.diagnose.image_map import choose_images, project


def test_two_axes_of_variation_come_back_as_the_two_axes() -> None:
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([np.ones(12) * 5, np.cos(angles), 0.5 * np.sin(angles)], 1).astype(np.float32)
    places, explained = project(ring)
    assert explained == pytest.approx(1, abs=1e-2)
    assert np.abs(np.corrcoef(places[:, 0], np.cos(angles))[0, 1]) > 0.999
    assert np.abs(np.corrcoef(places[:, 1], np.sin(angles))[0, 1]) > 0.98
    assert places.min(0) == pytest.approx(-1)
    assert places.max(0) == pytest.approx(1)


def test_length_does_not_matter_as_in_cosine_similarity() -> None:
    features = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    scales = np.linspace(1, 9, 20, dtype=np.float32)[:, None]
    assert np.allclose(project(features)[0], project(features * scales)[0], atol=1e-5)


def test_equal_features_have_no_direction_and_no_nan() -> None:
    places, explained = project(np.ones((5, 4), np.float32))
    assert np.isfinite(places).all()
    assert explained == pytest.approx(0, abs=1e-9)


def test_a_like_share_of_each_class_is_chosen() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    chosen = choose_images(labels, 100)
    assert np.bincount(labels[chosen]).tolist() == [60, 30, 10]
    assert np.array_equal(choose_images(labels[:50], 100), np.arange(50))
