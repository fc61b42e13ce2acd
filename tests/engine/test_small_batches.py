"""A smaller batch takes less memory everywhere: what passes beside training shrinks with it."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.training.splits import split_images
from tlviz.finetune.cache import PrefixCache, PrefixCachePool
from tlviz.finetune.choices import BatchNorm
from tlviz.finetune.config import configure
from tlviz.finetune.device import pass_size
from tlviz.finetune.engine import train
from tlviz.finetune.retention import SourceGauge
from tlviz.finetune.session import Session
from tlviz.finetune.source_pictures import source_pictures
from tlviz.finetune.state import State
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, build_for_target


def state_of(network: Network, images: ImageSet, shelf: PrefixCachePool | None = None, **chosen: object) -> State:
    config = configure("squeezenet1_1", "clipart", "head_only", **{"epochs": 2, "image_size": 64} | chosen)
    own = replace(network, module=copy.deepcopy(network.module))
    split = split_images(images.labels, images.parts, 0)
    return State(Session(own, images, split, config, torch.device("cpu"), lambda: False, shelf=shelf))


def passes(state: State) -> list[int]:
    """Train and return how many pictures each pass through the stem had."""
    seen: list[int] = []
    state.module.get_submodule("stem").register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    list(train(state))
    return seen


@pytest.mark.parametrize(
    ("most", "batch", "expected"), [(32, 32, 32), (48, 200, 48), (64, 16, 32), (48, 8, 12), (32, 1, 1), (20, 1, 1)]
)
def test_what_passes_at_once_shrinks_in_proportion_below_the_usual_batch(most: int, batch: int, expected: int) -> None:
    assert pass_size(most, batch) == expected


@pytest.mark.parametrize(("batch", "most"), [(32, 24), (8, 8), (3, 3)])
@pytest.mark.parametrize("cache_mb", [0, 100])
def test_validation_and_frozen_stages_take_no_more_than_a_batch(
    tiny: Network, colours: ImageSet, batch: int, most: int, cache_mb: int
) -> None:
    """Of 48 training pictures two equal chunks of 24 make the prefix's pass at the usual size."""
    seen = passes(state_of(tiny, colours, batch_size=batch, cache_mb=cache_mb))
    assert max(seen) == most


@pytest.mark.parametrize(("batch", "sizes"), [(64, [48]), (32, [48]), (8, [16, 16, 16]), (1, [4] * 12)])
def test_statistics_are_measured_in_chunks_that_follow_the_batch(
    tiny: Network, colours: ImageSet, batch: int, sizes: list[int]
) -> None:
    state = state_of(tiny, colours, batch_size=batch, batchnorm=BatchNorm.REESTIMATE, cache_mb=0)
    assert passes(state)[: len(sizes)] == sizes


def test_rows_computed_in_other_chunks_are_not_shared(tiny: Network, colours: ImageSet) -> None:
    keys: list[Hashable] = []

    class Spy(PrefixCachePool):
        def keep(self, key: Hashable, cache: PrefixCache, size: int) -> None:
            keys.append(key)

    for batch in (32, 64, 8):
        state_of(tiny, colours, Spy(1), batch_size=batch).begin()
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("frozen", [0, 4])
def test_gauges_read_the_same_in_smaller_chunks(home: Path, frozen: int) -> None:
    tuned = build_for_target(MODELS["squeezenet1_1"], ("one", "two"), pretrained=True, seed=0, size=64)
    pixels = source_pictures(Geometry(64, Fit.PAD, tuned.spec.preprocessing.interpolation, 1.0))
    with torch.no_grad():
        for path in tuned.stages[5].modules:
            for parameter in tuned.module.get_submodule(path).parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)) * 0.05)
    seen: list[int] = []
    tuned.module.get_submodule(tuned.stages[5].modules[-1]).register_forward_pre_hook(
        lambda _, inputs: seen.append(len(inputs[0]))
    )
    whole = SourceGauge(tuned, pixels, torch.device("cpu"), frozen).read(tuned.module)
    parts = SourceGauge(tuned, pixels, torch.device("cpu"), frozen, chunk=20).read(tuned.module)
    assert seen == [48, 20, 20, 8]
    assert parts.source_agreement == whole.source_agreement
    assert parts.similarity == pytest.approx(whole.similarity, abs=1e-6)
    assert min(value for value in whole.similarity.values() if value is not None) < 0.999


def test_a_runs_gauges_take_the_chunk_of_its_batch(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlviz.jobs import run_logger
    from tlviz.jobs.job import Job
    from tlviz.runs.store.folder import create_run

    asked: list[Any] = []
    monkeypatch.setattr(run_logger, "SourceGauge", lambda *arguments: asked.append(arguments[-1]) or SimpleNamespace())
    state = state_of(tiny, colours, batch_size=8)
    run_logger.RunLogger(Job(create_run("finetune", "chunk", {})), state, 0.0)._gauge()
    assert asked == [12]
