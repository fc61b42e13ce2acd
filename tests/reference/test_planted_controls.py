"""The advice on a real network, where the right one is known because the target was made for it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tlviz.data.images import ImageSet, load_images
from tlviz.diagnose.profile import profile
from tlviz.diagnose.random_copy import random_copy
from tlviz.diagnose.records import Confidence, Profile
from tlviz.diagnose.request import Request, make_request
from tlviz.diagnose.similarity import stage_similarity
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network

REQUEST = make_request("squeezenet1_1", "photos", image_size=96)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give all of these tests one folder, where what the network makes of the photographs is kept from test to test."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("TLVIZ_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def network(home: Path) -> Network:
    return load_network(find_model(REQUEST.model))


@pytest.fixture(scope="module")
def photos(home: Path) -> ImageSet:
    return load_images("photos", REQUEST.geometry)


@pytest.fixture(scope="module")
def sound(network: Network, photos: ImageSet) -> Profile:
    """Return the profile of the network as it is, on the photographs as they are."""
    return measured(network, photos)


def measured(network: Network, images: ImageSet, request: Request = REQUEST, identity: str = REQUEST.model) -> Profile:
    return profile(network, images, request, identity=identity)


def with_noise(images: ImageSet, deviation: float) -> ImageSet:
    pixels = np.asarray(images.pixels).astype(np.float32)
    noisy = pixels + np.random.default_rng(0).normal(0, deviation, pixels.shape)
    return replace(images, pixels=noisy.clip(0, 255).round().astype(np.uint8))


def test_source_like_photographs_freeze_the_late_stages_too(sound: Profile) -> None:
    found = sound
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


@pytest.mark.parametrize("change", ["noise", pytest.param("colours", marks=pytest.mark.slow)])
def test_noise_and_other_colours_bring_the_first_stage_into_the_race(
    network: Network, photos: ImageSet, change: str
) -> None:
    recoloured = (np.asarray(photos.pixels)[..., [2, 0, 1]] * (0.6, 1, 0.4)).round().astype(np.uint8)
    images = with_noise(photos, 60) if change == "noise" else replace(photos, pixels=recoloured)
    found = measured(network, images, replace(REQUEST, data=change))
    assert any(candidate.frozen and candidate.frozen[0] == "fire2" for candidate in found.advice.candidates)
    assert "The shift is largest at the first stage" in " ".join(found.advice.reasons)


@pytest.mark.slow
def test_far_digits_are_served_best_by_the_middle(network: Network) -> None:
    request = make_request("squeezenet1_1", "digits", image_size=96, limit=500)
    found = measured(network, load_images("digits", request.geometry), request)
    last = found.stages[-1]
    assert last.behind > last.behind_se
    assert max(stage.probe for stage in found.stages[3:8]) > last.probe + last.probe_se
    assert "cost accuracy" in found.summary or "costs accuracy" in found.summary


@pytest.mark.parametrize("stage", ["fire4", pytest.param("fire8", marks=pytest.mark.slow)])
def test_a_stage_with_its_weights_drawn_anew_is_where_the_probe_falls(
    network: Network, photos: ImageSet, sound: Profile, stage: str
) -> None:
    broken, at = copy.deepcopy(network.module), [one.name for one in sound.stages].index(stage)
    drawn = random_copy(network, REQUEST.image_size, 0).module
    for path in network.stages[at].modules:
        broken.get_submodule(path).load_state_dict(drawn.get_submodule(path).state_dict())
    found = measured(replace(network, module=broken), photos, identity=stage)
    assert [one.probe for one in found.stages[:at]] == [one.probe for one in sound.stages[:at]]
    right, before = (np.array([*map(float, one.correct)]) for one in (found.stages[at], sound.stages[at]))
    fall = before - right
    assert fall.mean() > fall.std() / np.sqrt(len(fall)), "paired, by more than its standard error"
    assert found.stages[-1].probe < found.stages[at - 1].probe, "and what comes after does not bring it back"
    assert found.advice.freeze < len(found.stages), (
        "what comes after is not kept, although the pictures are the source's"
    )


def test_distances_to_the_source_grow_with_noise_at_every_stage(
    network: Network, photos: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradients, a third of a profile's time, say nothing of distances; they are left out."""
    monkeypatch.setattr("tlviz.diagnose.profile.stage_gradients", lambda *_: [0.0] * len(network.stages))
    found = [
        measured(network, with_noise(photos, deviation), replace(REQUEST, data=f"noise {deviation}")).stages
        for deviation in (0, 20, 90)
    ]
    for one, more in pairwise(found):
        for less, stage in zip(one, more, strict=True):
            assert stage.kid > less.kid, stage.name
            assert (stage.shift or 0) > (less.shift or 0), stage.name
    assert max(abs(stage.kid) for stage in found[0]) < 5
    assert max(stage.shift or 0 for stage in found[0]) < 1


def test_turning_a_real_stages_features_changes_no_similarity(network: Network, photos: ImageSet) -> None:
    features = run_stages(network, photos.pixels[:60]).features
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(256, 256)))[0].astype(np.float32)
    turned = {**features, "fire5": features["fire5"] @ turn}
    assert np.array(stage_similarity(turned)) == pytest.approx(np.array(stage_similarity(features)), abs=1e-4)
