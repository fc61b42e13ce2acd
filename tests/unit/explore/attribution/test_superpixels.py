"""Superpixels divide a picture, and follow its colours."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore.attribution.superpixels import superpixels


@pytest.mark.parametrize("side", [1, 8, 50])
def test_labels_divide_the_picture_without_gaps(side: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    labels = superpixels(pixels, 64)
    assert labels.shape == (side, side)
    assert set(np.unique(labels)) == set(range(labels.max() + 1))
    assert labels.max() + 1 <= 64


def test_patches_follow_an_edge_and_the_plain_grid_does_not() -> None:
    pixels = np.full((64, 64, 3), 250, dtype=np.uint8)
    pixels[:, 27:] = (200, 20, 20)
    labels = superpixels(pixels, 16)
    left, right = set(np.unique(labels[:, :27])), set(np.unique(labels[:, 27:]))
    assert not left & right
