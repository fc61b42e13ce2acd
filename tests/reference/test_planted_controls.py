"""The advice on a real network, where the right one is known because the target was made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tlviz.data.images import ImageSet, load_images
from tlviz.diagnose.profile import profile
from tlviz.diagnose.records import Confidence, Profile
from tlviz.diagnose.request import Request, make_request
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network

REQUEST = make_request("squeezenet1_1", "photos", image_size=96)


@pytest.fixture
def network() -> Network:
    return load_network(find_model(REQUEST.model))


@pytest.fixture
def photos() -> ImageSet:
    return load_images("photos", REQUEST.geometry)


def measured(network: Network, images: ImageSet, request: Request = REQUEST) -> Profile:
    return profile(network, images, request, identity=REQUEST.model)


def test_source_like_photographs_freeze_the_late_stages_too(network: Network, photos: ImageSet) -> None:
    found = measured(network, photos)
    best = max(found.stages, key=lambda stage: stage.probe)
    assert best.name in {"fire8", "fire9"}
    assert found.advice.freeze >= 8
    assert all(stage.shift is None for stage in found.stages), "they are the reference themselves"
    assert max(abs(stage.kid) for stage in found.stages) < 4
    assert max(stage.probe for stage in found.stages) > 0.7
    assert [stage.cka_to_random for stage in found.stages] != [1] * len(found.stages)


def test_permuted_labels_have_no_signal(network: Network, photos: ImageSet) -> None:
    labels = np.random.default_rng(1).permutation(photos.labels)
    found = measured(network, replace(photos, labels=labels))
    assert found.advice.confidence is Confidence.NONE
    assert "No reliable transfer signal" in found.advice.reasons[0]


@pytest.mark.parametrize("change", ["noise", "colours"])
def test_noise_and_other_colours_bring_the_first_stage_into_the_race(
    network: Network, photos: ImageSet, change: str
) -> None:
    pixels = np.asarray(photos.pixels).astype(np.float32)
    noisy = pixels + np.random.default_rng(0).normal(0, 60, pixels.shape)
    recoloured = pixels[..., [2, 0, 1]] * (0.6, 1, 0.4)
    chosen = (noisy if change == "noise" else recoloured).clip(0, 255).round().astype(np.uint8)
    found = measured(network, replace(photos, pixels=chosen), replace(REQUEST, data=change))
    assert any(candidate.frozen and candidate.frozen[0] == "fire2" for candidate in found.advice.candidates)
    assert "The shift is largest at the first stage" in " ".join(found.advice.reasons)


def test_far_digits_are_served_best_by_the_middle(network: Network) -> None:
    request = make_request("squeezenet1_1", "digits", image_size=96, limit=500)
    found = measured(network, load_images("digits", request.geometry), request)
    last = found.stages[-1]
    assert last.behind > last.behind_se
    assert max(stage.probe for stage in found.stages[3:8]) > last.probe + last.probe_se
    assert "cost accuracy" in found.summary or "costs accuracy" in found.summary
