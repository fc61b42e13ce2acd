"""A run's training images say from where on a picture is out of distribution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tlviz.export.ood_reference import OodReference, feature_stage, find_ood_reference
from tlviz.export.predict import load_predictor
from tlviz.models.load import Network
from tlviz.runs.store.folder import RunFolder


def test_the_training_images_are_looked_at_once_for_the_same_weights(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network, _ = load_predictor(run)
    assert find_ood_reference(run.weights, network)[0] is not None
    (tmp_path / "data").rename(tmp_path / "moved")
    assert find_ood_reference(run.weights, network)[0] is not None, "it is remembered"
    run.weights.write_bytes(run.weights.read_bytes())
    reference, reason = find_ood_reference(run.weights, network)
    assert reference is None
    assert "is unknown, because they are missing" in reason


def test_distances_are_counted_in_thresholds(tiny: Network) -> None:
    """Of length 1, the pictures lie at 0, the root of 2, and 2 from training images that are all alike."""
    reference = OodReference(np.tile(np.array([1, 0], np.float32), (5, 1)), 0.5)
    found = reference.distances(np.array([[2, 0], [0, 3], [-1, 0]], np.float32))
    assert found == pytest.approx([0, 2 * 2**0.5, 4], abs=1e-6)
    never = replace(reference, threshold=0.0).distances(np.array([[0, 1]], np.float32))
    assert np.isfinite(never).all()
    assert never[0] > 1, "where all training images are alike, any other picture is unlike them"
    assert feature_stage(tiny) == "block2"
