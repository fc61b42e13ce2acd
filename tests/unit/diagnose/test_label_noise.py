"""Wrong labels that were planted are found; right ones, copies and sets without a signal raise no alarm."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.diagnose.features import extract_features
from tlviz.diagnose.label_noise import LabelCheck, check_labels, nearest_neighbours
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network


def clusters(seed: int, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return features (120, 16) around four directions, and their labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(120) % 4
    return (np.eye(4, 16)[labels] * 3 + generator.normal(0, spread, (120, 16))).astype(np.float32), labels


def alone(count: int) -> np.ndarray:
    return np.arange(count)


def look(features: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> LabelCheck:
    result = check_labels(features, labels, alone(len(labels)) if groups is None else groups)
    assert result is not None
    return result


@pytest.mark.parametrize("seed", range(5))
def test_swapped_labels_in_clear_clusters_are_exactly_the_suspects(seed: int) -> None:
    features, labels = clusters(seed)
    assert look(features, labels).suspects == ()
    wrong = [int(np.random.default_rng(seed).choice(np.flatnonzero(labels == label))) for label in range(4)]
    planted = labels.copy()
    planted[wrong] = (planted[wrong] + 1) % 4
    found = look(features, planted)
    assert {suspect.at for suspect in found.suspects} == set(wrong)
    assert all(suspect.label == labels[suspect.at] for suspect in found.suspects)
    assert found.agreement == pytest.approx(116 / 120)


def test_a_copy_with_the_same_wrong_label_does_not_hide_it() -> None:
    features, labels = clusters(0)
    labels[:3] = (labels[0] + 1) % 4
    features[1:3] = features[0]
    assert not {0, 1, 2} & {suspect.at for suspect in look(features, labels).suspects}
    groups = alone(120)
    groups[1:3] = 0
    assert {0, 1, 2} == {suspect.at for suspect in look(features, labels, groups).suspects}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_features_without_a_signal_suspect_nobody(seed: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(90, 16)).astype(np.float32)
    assert look(features, np.arange(90) % classes).suspects == ()


def test_a_small_class_beside_large_ones_is_left_alone() -> None:
    features, labels = clusters(0)
    labels = np.append(labels, [4, 4])
    features = np.concatenate([features, features[:2]])
    assert look(features, labels).suspects == ()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_too_few_pictures_give_no_answer(count: int) -> None:
    features, labels = clusters(0)
    assert check_labels(features[:count], labels[:count], alone(count)) is None


def test_neighbours_are_those_of_the_whole_matrix() -> None:
    features = np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    assert np.array_equal(nearest_neighbours(features, alone(600), 4), np.argsort(-cosines, axis=1)[:, :4])


def test_recall_and_false_alarms_on_the_bundled_targets() -> None:
    """Five labels swapped in each of six draws, SqueezeNet at 128 pixels: what the doctor finds of them."""
    network = load_network(find_model("squeezenet1_1"))
    stage = network.stages[-2].name
    for name, least_recall, most_alarms in (("photos", 0.45, 3), ("clipart", 0.25, 6)):
        images = load_images(name, Geometry(128, Fit.PAD, "bilinear", 0.875))
        features = extract_features(network, images.pixels, [stage])[stage]
        recalls, alarms = [], []
        for seed in range(6):
            generator = np.random.default_rng(seed)
            wrong = generator.choice(len(images.labels), 5, replace=False)
            labels = images.labels.copy()
            labels[wrong] = (labels[wrong] + generator.integers(1, len(images.classes), 5)) % len(images.classes)
            found = {suspect.at for suspect in look(features, labels).suspects}
            recalls.append(len(found & set(wrong)) / 5)
            alarms.append(len(found - set(wrong)))
        assert np.mean(recalls) >= least_recall
        assert np.mean(alarms) <= most_alarms
