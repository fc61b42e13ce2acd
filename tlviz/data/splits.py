"""Which images train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.errors import BadDatasetError

Indices = NDArray[np.int64]
VALIDATION_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the training, validation and test images, each (n,); test is empty unless the folder has one."""

    train: Indices
    validation: Indices
    test: Indices


def split_images(labels: NDArray[np.int64], parts: Sequence[str], seed: int) -> Split:
    """Keep the folder's own parts; where it has no validation part, draw one from its training images.

    Raises ``BadDatasetError`` where nothing is left to train with, or no class has two images to validate with.
    """
    part = np.asarray(parts)
    train = np.flatnonzero((part == "train") | (part == ""))
    validation = np.flatnonzero(part == "val")
    if not len(train):
        raise BadDatasetError("No training image can be used; put pictures that open into the folder train/.")
    if not len(validation):
        held_out = stratified_holdout(labels[train], VALIDATION_SHARE, seed)
        validation, train = train[held_out], np.delete(train, held_out)
    if not len(validation):
        raise BadDatasetError("No class has two images, so none can be set aside for validation; add images.")
    return Split(train, validation, np.flatnonzero(part == "test"))


def stratified_holdout(labels: NDArray[np.int64], share: float, seed: int) -> Indices:
    """Draw a share of each class, at least one of two or more images, none of a single one: sorted indices (n,).

    Written out because scikit-learn's splitters refuse classes with a single image.
    """
    generator = np.random.default_rng(seed)
    drawn: list[Indices] = []
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(1, round(share * len(members))), len(members) - 1)
        drawn.append(members[:count])
    return np.sort(np.concatenate(drawn)).astype(np.int64)
