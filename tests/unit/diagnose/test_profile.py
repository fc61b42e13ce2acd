"""The profile of small networks: numbers, planted faults, refusals, and the same again to the last digit."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.conftest import TinyNet
from tlviz.data.images import ImageSet
from tlviz.diagnose.profile import profile
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import Request
from tlviz.errors import BadDatasetError, TlvizError
from tlviz.models.load import Network

REQUEST = Request("squeezenet1_1", "colours", 32)


def tiny_copy(network: Network, _size: int, seed: int) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed + 1)
        return replace(network, module=TinyNet().eval())


def measured(network: Network, images: ImageSet, **others: object) -> Profile:
    options = {"identity": "tiny", "copy": tiny_copy} | others
    return profile(network, images, REQUEST, **options)  # type: ignore[arg-type]


def test_everything_is_measured_and_the_same_again(
    tiny: Network, colours: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    first = measured(tiny, colours, progress=lambda doing, done, total: told.append(doing))
    assert [stage.name for stage in first.stages] == ["stem", "block1", "block2"]
    assert [stage.width for stage in first.stages] == [4, 6, 8]
    assert max(stage.probe for stage in first.stages) > 0.9, "colours are easy to tell apart"
    assert first.chance == pytest.approx(1 / 3)
    assert all(len(stage.correct) == len(stage.places) == 60 for stage in first.stages)
    assert {round(first.similarity[at][at] or 0, 9) for at in range(3)} == {1}
    assert first.has_batchnorm
    assert all(stage.shift is not None for stage in first.stages)
    assert max(stage.relative_gradient for stage in first.stages) == 1
    assert list(dict.fromkeys(told)) == [
        "pretrained network",
        *(f"random weights {draw} of 3" for draw in (1, 2, 3)),
        *("reading photographs", "photographs", "gradients", "measuring"),
    ]
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "elsewhere"))
    second = measured(tiny, colours)
    assert replace(second, duration_s=0, forward_s=0) == replace(first, duration_s=0, forward_s=0)


def test_a_second_look_needs_no_pass_and_a_damaged_one_is_made_again(
    tiny: Network, colours: ImageSet, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measured(tiny, colours)
    told: list[str] = []
    second = measured(tiny, colours, progress=lambda doing, done, total: told.append(doing))
    assert "pretrained network" not in told
    assert not any(step.startswith("random weights") for step in told)
    assert replace(second, duration_s=0) == replace(first, duration_s=0)
    for path in (home / "cache" / "features").glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    third = measured(tiny, colours)
    assert third.stages == first.stages


def test_a_stage_made_random_is_where_the_probe_falls(tiny: Network, colours: ImageSet) -> None:
    """The second block's output is drowned in noise of its own: the first stages keep what they know."""
    broken = copy.deepcopy(tiny.module)
    with torch.no_grad():
        broken.block2[0].weight.zero_()
        broken.block2[0].bias.zero_()
    found = measured(replace(tiny, module=broken), colours, identity="broken").stages
    assert found[1].probe > 0.9
    assert found[2].probe < 0.5


def test_permuted_labels_give_no_signal(tiny: Network, colours: ImageSet) -> None:
    labels = np.random.default_rng(3).permutation(colours.labels)
    found = measured(tiny, replace(colours, labels=labels))
    assert found.advice.confidence == "none"
    assert "No reliable transfer signal" in found.summary


def test_what_cannot_be_profiled_is_refused_in_a_sentence(tiny: Network, colours: ImageSet) -> None:
    few = replace(
        colours, pixels=colours.pixels[:6], labels=colours.labels[:6], parts=("",) * 6, names=colours.names[:6]
    )
    with pytest.raises(BadDatasetError, match="at least two classes with 5 images each"):
        measured(tiny, few)
    with pytest.raises(BadDatasetError, match="All pictures of the sample are identical"):
        measured(tiny, replace(colours, pixels=np.full_like(colours.pixels, 9)))
    with pytest.raises(BadDatasetError, match="only 1 of 1 has that many"):
        measured(tiny, replace(colours, labels=np.zeros(60, np.int64)))

    def empty(network: Network, size: int, seed: int) -> Network:
        other = tiny_copy(network, size, seed)
        nn.init.constant_(other.module.block1[0].weight, float("nan"))
        return other

    with pytest.raises(TlvizError, match="with random weights gives values at block1 that are not finite"):
        measured(tiny, colours, copy=empty)


def test_five_images_a_class_and_flat_channels_give_numbers(tiny: Network, colours: ImageSet) -> None:
    rows = np.arange(15)
    few = replace(
        colours, pixels=colours.pixels[rows], labels=colours.labels[rows], parts=("",) * 15, names=colours.names[:15]
    )
    dead = copy.deepcopy(tiny.module)
    with torch.no_grad():
        dead.block2[0].weight.zero_()
    found = measured(replace(tiny, module=dead), few, identity="dead")
    numbers = [value for stage in found.stages for value in vars_of(stage) if isinstance(value, float)]
    assert np.isfinite(numbers).all()
    assert found.stages[2].cka_to_random is None
    assert found.stages[2].intrinsic_dimension is None
    assert found.similarity[2] == (None, None, None)


def vars_of(stage: object) -> list[object]:
    return [getattr(stage, name) for name in type(stage).__slots__]  # type: ignore[attr-defined]
