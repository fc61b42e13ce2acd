"""The generated table says what the pinned libraries say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tlviz import vision
from tlviz.models.catalogue import BUNDLED, MODELS
from tlviz.models.spec import Provider

ROOT = Path(__file__).resolve().parents[3]


def test_every_torchvision_network_has_every_entry_of_its_weights() -> None:
    models = vision.torchvision().models
    names = models.list_models(module=models)
    assert len(names) == 80
    rows = {
        (spec.architecture, spec.tag): spec
        for spec in MODELS.values()
        if spec.provider is Provider.TORCHVISION and not spec.bundled
    }
    entries = {(name, entry.name.lower()): entry for name in names for entry in models.get_model_weights(name)}
    assert rows.keys() == entries.keys()
    for key, entry in entries.items():
        row, meta, transforms = rows[key], entry.meta, entry.transforms()
        prep = row.preprocessing
        accuracy = meta["_metrics"]["ImageNet-1K"]["acc@1"]
        assert row.url == entry.url
        assert row.parameters == meta["num_params"]
        assert (row.accuracy is None) == math.isnan(accuracy)
        assert row.accuracy is None or row.accuracy == pytest.approx(accuracy / 100)
        assert row.class_count == len(meta["categories"] or ())
        assert row.licence == meta.get("license", "BSD-3-Clause")
        assert (row.recipe, row.gmacs) == (meta["recipe"], meta["_ops"])
        assert row.file_mb == pytest.approx(meta["_file_size"] * 1.048576, abs=0.01)
        assert ([prep.size], prep.interpolation) == (transforms.crop_size, transforms.interpolation.value)
        assert (list(prep.mean), list(prep.std)) == (transforms.mean, transforms.std)
        assert prep.crop_fraction == transforms.crop_size[0] / transforms.resize_size[0]
    for name in set(names) - BUNDLED.keys():
        assert MODELS[name].tag == models.get_model_weights(name).DEFAULT.name.lower()


def test_every_timm_row_is_a_pretrained_network_with_its_own_preprocessing() -> None:
    timm = vision.timm()
    theirs = set(timm.list_models(pretrained=True))
    rows = {name: spec for name, spec in MODELS.items() if spec.provider is Provider.TIMM and not spec.bundled}
    assert rows.keys() <= theirs
    assert all("_enc." in name for name in theirs - rows.keys()), "only encoders without a classifier are left out"
    for name, row in rows.items():
        config = timm.get_pretrained_cfg(name)
        prep = row.preprocessing
        assert (row.hub_id or row.url) == (config.hf_hub_id or config.url)
        assert (prep.size, prep.interpolation) == (min(config.input_size[1:]), config.interpolation)
        assert (prep.mean, prep.std, prep.crop_fraction) == (tuple(config.mean), tuple(config.std), config.crop_pct)
        assert row.class_count in (0, config.num_classes)
        assert row.licence == (config.license or "unknown")
