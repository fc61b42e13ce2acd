"""Every network and target of the catalogues keeps its promises."""

from __future__ import annotations

import pytest
import torch

from tlviz.data.sources.catalogue import DATASETS
from tlviz.home import ASSETS
from tlviz.models.catalogue import BUNDLED, MODELS
from tlviz.models.load import load_network
from tlviz.models.stages import named_stage_parameters


@pytest.mark.parametrize("name", BUNDLED)
def test_network(name: str) -> None:
    network = load_network(MODELS[name])
    assert sum(p.numel() for p in network.module.parameters()) == MODELS[name].parameters
    assert len(network.classes) == 1000
    assert not network.module.training
    owned = [key for stage in network.stages for key, _ in named_stage_parameters(network.module, stage)]
    assert sorted(owned) == sorted(key for key, _ in network.module.named_parameters())
    assert 4 <= len(network.stages) <= 16
    assert sum(stage.cost_share for stage in network.stages) == pytest.approx(1)
    with torch.no_grad():
        assert network.module(torch.zeros(1, 3, 224, 224)).isfinite().all()


@pytest.mark.parametrize("name", BUNDLED)
def test_preprocessing_is_what_the_library_says(name: str) -> None:
    from tlviz import vision

    prep = MODELS[name].preprocessing
    if MODELS[name].provider == "timm":
        theirs = vision.timm().get_pretrained_cfg(name)
        assert (prep.mean, prep.std) == (theirs.mean, theirs.std)
        assert prep.interpolation == theirs.interpolation
        assert prep.crop_fraction == theirs.crop_pct
        assert theirs.input_size == (3, prep.size, prep.size)
    else:
        theirs = vision.torchvision().models.get_model_weights(name).DEFAULT.transforms()
        assert (list(prep.mean), list(prep.std)) == (theirs.mean, theirs.std)
        assert [prep.size] == theirs.crop_size
        assert prep.interpolation == theirs.interpolation.value
        assert prep.crop_fraction == theirs.crop_size[0] / theirs.resize_size[0]


def test_bundled_targets_are_in_the_assets() -> None:
    for spec in DATASETS.values():
        if spec.folder:
            assert sorted(path.name for path in spec.folder.iterdir()) == list(spec.classes)
            assert sum(1 for _ in spec.folder.rglob("*.jpg")) == spec.images
    assert (ASSETS / "SOURCES.md").exists()
