"""The targets that ship with the program are as their table says."""

from __future__ import annotations

import pytest

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.catalogue import DATASETS

GEOMETRY = Geometry(16, Fit.PAD, "bilinear", 1.0)


@pytest.mark.parametrize("name", DATASETS)
def test_the_shipped_targets_are_as_the_table_says(name: str) -> None:
    spec = DATASETS[name]
    told: list[tuple[int, int]] = []
    images = load_images(name, GEOMETRY, lambda done, total: told.append((done, total)))
    assert images.name == name
    assert images.title == spec.title
    assert images.classes == spec.classes
    assert images.may_flip is spec.may_flip
    assert images.pixels.shape == (spec.images, 16, 16, 3)
    assert len(images.labels) == len(images.names) == len(images.parts) == spec.images
    assert len(set(images.names)) == spec.images
    assert set(images.labels.tolist()) == set(range(len(spec.classes)))
    assert images.problems == ()
    assert told[-1] == (spec.images, spec.images)
