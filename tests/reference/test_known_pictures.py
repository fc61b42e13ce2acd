"""The bundled network names what is on the bundled photographs."""

from __future__ import annotations

from functools import cache

import pytest

from tlviz.data.images import ImageSet, load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.explore.maps.feature_maps import extract_feature_maps
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, load_network


@cache
def network() -> Network:
    return load_network(MODELS["squeezenet1_1"])


def photos() -> ImageSet:
    return load_images("photos", Geometry(224, Fit.PAD, "bilinear", 0.875))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("mammal/zebra.jpg", "zebra"),
        ("mammal/tiger.jpg", "tiger"),
        ("bird/pink_flamingo.jpg", "flamingo"),
        ("vegetable/broccoli.jpg", "broccoli"),
        ("fruit/pineapple.jpg", "pineapple"),
    ],
)
def test_squeezenet_names_it(file: str, name: str) -> None:
    images = photos()
    best = extract_feature_maps(network(), images.pixels[images.names.index(file)]).guesses[0]
    assert best.name == name
    assert best.probability > 0.2
