"""What is left of the source is told by pictures that do not train, whatever their files are called."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels
from tlviz.finetune.retention import SourceGauge
from tlviz.finetune.source_pictures import FEWEST, PICTURES, shown_among, source_pictures
from tlviz.models.catalogue import MODELS
from tlviz.models.load import build_for_target

GEOMETRY = Geometry(64, Fit.PAD, "bilinear", 0.875)


@pytest.fixture
def photos(home: Path) -> Pixels:
    """Return all bundled photographs, uint8 (171, 64, 64, 3)."""
    return np.asarray(load_images("photos", GEOMETRY).pixels)


def same(one: Pixels, other: Pixels) -> np.ndarray:
    """Return for each picture of ``one`` whether it is among ``other`` to the byte."""
    known = {picture.tobytes() for picture in other}
    return np.array([picture.tobytes() in known for picture in one], dtype=bool)


def test_other_targets_get_the_usual_pictures(photos: Pixels) -> None:
    usual = source_pictures(GEOMETRY)
    noise = np.random.default_rng(0).integers(0, 256, (300, 64, 64, 3), dtype=np.uint8)
    assert len(usual) == PICTURES
    np.testing.assert_array_equal(source_pictures(GEOMETRY, noise, np.arange(300)), usual)
    plain = np.full((3, 64, 64, 3), 255, np.uint8)
    np.testing.assert_array_equal(source_pictures(GEOMETRY, plain, np.arange(3)), usual)


def test_no_photograph_that_trains_is_taken_and_others_take_its_place(photos: Pixels) -> None:
    trained = np.flatnonzero(np.arange(len(photos)) % 3 > 0)
    chosen = source_pictures(GEOMETRY, photos, trained)
    assert len(chosen) >= PICTURES - 5, "others of the 57 that do not train take their places"
    assert not same(chosen, photos[trained]).any()
    assert same(chosen, photos).all()
    assert not shown_among(chosen, photos, trained).any()


def test_copies_are_known_by_content(photos: Pixels) -> None:
    def again(picture: Pixels) -> Pixels:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=40)
        return np.asarray(Image.open(buffer).convert("RGB"))

    some = photos[::4]
    darker = (some * 0.8).astype(np.uint8)
    for copies in (some, some[:, :, ::-1], darker, np.stack([again(picture) for picture in some])):
        assert shown_among(some, np.ascontiguousarray(copies), np.arange(len(copies))).all()
    others = np.delete(photos, np.arange(0, len(photos), 4), axis=0)
    assert shown_among(some, others, np.arange(len(others))).mean() < 0.2
    assert not shown_among(some, others, np.arange(0)).any()


def test_where_nearly_all_train_nothing_is_told(photos: Pixels) -> None:
    chosen = source_pictures(GEOMETRY, photos, np.arange(6, len(photos)))
    assert len(chosen) < FEWEST
    tuned = build_for_target(MODELS["squeezenet1_1"], ("one", "two"), pretrained=True, seed=0, size=64)
    for pictures in (chosen, chosen[:0]):
        reading = SourceGauge(tuned, pictures, torch.device("cpu")).read(tuned.module)
        assert (reading.source_agreement, reading.similarity) == (None, {})
        assert reading.source_pictures == len(pictures)
