"""The gauges read what was planted, and leave a network as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.finetune.retention import SourceGauge, unchanged
from tlviz.finetune.source_pictures import PICTURES, source_pictures
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, build_for_target

CLASSES = ("one", "two", "three")


@pytest.fixture(params=["squeezenet1_1", "tf_efficientnet_lite0"])
def tuned(request: pytest.FixtureRequest) -> Network:
    return build_for_target(MODELS[request.param], CLASSES, pretrained=True, seed=0, size=96)


@pytest.fixture
def gauge(tuned: Network, home: Path) -> SourceGauge:
    weights = tuned.spec.preprocessing
    pixels = source_pictures(Geometry(96, Fit.PAD, weights.interpolation, weights.crop_fraction))
    assert pixels.shape == (PICTURES, 96, 96, 3)
    return SourceGauge(tuned, pixels, torch.device("cpu"))


def test_an_untouched_backbone_agrees_wholly_and_is_left_as_it_was(tuned: Network, gauge: SourceGauge) -> None:
    tuned.module.train()
    before = {name: tensor.clone() for name, tensor in tuned.module.state_dict().items()}
    modules = dict(tuned.module.named_modules())
    reading = gauge.read(tuned.module)
    assert reading.source_agreement == unchanged(tuned).source_agreement == 1
    assert reading.similarity.keys() == unchanged(tuned).similarity.keys()
    assert all(value == pytest.approx(1, abs=1e-9) for value in reading.similarity.values())
    assert reading.duration_s > gauge.read(tuned.module).duration_s > 0, "the first reading includes the source's own"
    assert all(torch.equal(tensor, before[name]) for name, tensor in tuned.module.state_dict().items())
    assert dict(tuned.module.named_modules()) == modules
    assert all(module.training for module in tuned.module.modules())
    assert not any(module._forward_hooks for module in tuned.module.modules())


def test_a_stage_made_anew_shows_from_there_on(tuned: Network, gauge: SourceGauge) -> None:
    """Stages before the one that lost what it knew stay alike; the source's answers are lost."""
    stages = tuned.stages[:-1]
    middle = len(stages) // 2
    with torch.no_grad():
        for path in stages[middle].modules:
            for parameter in tuned.module.get_submodule(path).parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)) * 0.05)
    reading = gauge.read(tuned.module)
    values = [reading.similarity[stage.name] for stage in stages]
    assert values[:middle] == pytest.approx([1] * middle, abs=1e-9)
    assert all(value is None or value < 0.9 for value in values[middle:])
    assert reading.source_agreement < 0.3


def test_a_stage_that_no_longer_varies_has_no_similarity(tuned: Network, gauge: SourceGauge) -> None:
    with torch.no_grad():
        for path in tuned.stages[-2].modules:
            for parameter in tuned.module.get_submodule(path).parameters():
                parameter.zero_()
    assert gauge.read(tuned.module).similarity[tuned.stages[-2].name] is None


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
def test_stages_that_are_the_sources_own_run_once_and_read_alike(tuned: Network, home: Path, share: float) -> None:
    """A reading that is spared the frozen stages is the one that is not, and leaves modes and modules alone."""
    weights, stages = tuned.spec.preprocessing, tuned.stages
    frozen = max(1, round(share * (len(stages) - 1)))
    pixels = source_pictures(Geometry(96, Fit.PAD, weights.interpolation, weights.crop_fraction))
    with torch.no_grad():
        for stage in stages[frozen:-1]:
            for path in stage.modules:
                for parameter in tuned.module.get_submodule(path).parameters():
                    parameter.mul_(1.05)
    runs: list[int] = []
    tuned.module.get_submodule(stages[0].modules[0]).register_forward_hook(lambda *_: runs.append(1))
    tuned.module.train()
    modules = dict(tuned.module.named_modules())
    whole = SourceGauge(tuned, pixels, torch.device("cpu")).read(tuned.module)
    assert len(runs) == 1
    spared = SourceGauge(tuned, pixels, torch.device("cpu"), frozen).read(tuned.module)
    assert len(runs) == 1, "the frozen stages did not run again"
    assert list(spared.similarity) == list(whole.similarity)
    assert spared.similarity == pytest.approx(whole.similarity, abs=1e-6)
    assert spared.source_agreement == whole.source_agreement
    assert dict(tuned.module.named_modules()) == modules
    assert all(module.training for module in tuned.module.modules())
