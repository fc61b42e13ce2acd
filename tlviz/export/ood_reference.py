"""What a run's network makes of its own training images, to detect when a new picture is out of distribution."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlviz.diagnose.features import Features, extract_features
from tlviz.disk_cache import keep_arrays, read_arrays
from tlviz.errors import BadDatasetError, BadSettingError, StorageError, UnknownNameError
from tlviz.export.bundle import read_header
from tlviz.export.run_images import load_run_images
from tlviz.home import cache_folder
from tlviz.measures.ood_distance import SHARE, neighbour_distances
from tlviz.models.load import Network

MOST_IMAGES = 2000
"""More training images, evenly taken, would hardly move the threshold."""
KEEP = 24
"""The number of runs remembered; the one not computed for longest is dropped first."""


@dataclass(frozen=True, slots=True)
class OodReference:
    """Features (n, D) of a run's training images, and the distance beyond which a picture is out of distribution."""

    features: Features
    threshold: float

    def distances(self, features: Features) -> NDArray[np.float64]:
        """Return how far features (m, D) are from the training images, (m,); above 1 they are out of distribution."""
        return neighbour_distances(features, self.features) / max(self.threshold, 1e-12)


def feature_stage(network: Network) -> str:
    """Return the stage whose features are compared: the last of the backbone."""
    return network.stages[-2].name


def find_ood_reference(
    weights: Path, network: Network, progress: Callable[[int, int], None] | None = None
) -> tuple[OodReference | None, str]:
    """Return what the training images of a run's weights look like, from the cache where it is known.

    Without it, the second value says why in one sentence.
    """
    place = cache_folder("familiar") / f"{_key(weights)}.npz"
    known = _read(place)
    if known is not None:
        return known, ""
    try:
        found = _measure(weights, network, progress)
    except (BadDatasetError, BadSettingError, UnknownNameError, StorageError) as error:
        return None, f"Whether a picture is unlike the training images is unknown, because they are missing: {error}"
    keep_arrays(place, {"features": found.features, "threshold": np.array(found.threshold)}, KEEP)
    return found, ""


def _measure(weights: Path, network: Network, progress: Callable[[int, int], None] | None) -> OodReference:
    """Look at training and validation images; 99 of 100 of both are no farther out than the threshold."""
    here = load_run_images(read_header(weights))
    train = here.split.train[:: -(-len(here.split.train) // MOST_IMAGES)]
    others = here.split.validation[:: -(-len(here.split.validation) // MOST_IMAGES)]
    if len(train) < 2:
        raise BadDatasetError("a single training image is not enough.")
    stage = feature_stage(network)
    rows = np.concatenate([train, others])
    seen = extract_features(network, here.images.pixels[rows], [stage], progress)[stage]
    own, held_out = seen[: len(train)], seen[len(train) :]
    distances = np.concatenate([neighbour_distances(own, own, are_same=True), neighbour_distances(held_out, own)])
    return OodReference(own, float(np.quantile(distances, SHARE)))


def _key(weights: Path) -> str:
    changed = weights.stat().st_mtime_ns
    return hashlib.sha256(f"{weights.resolve()}|{changed}".encode(errors="surrogateescape")).hexdigest()[:24]


def _read(place: Path) -> OodReference | None:
    held = read_arrays(place)
    try:
        return OodReference(held["features"], float(held["threshold"])) if held else None
    except (KeyError, TypeError, ValueError):
        return None
