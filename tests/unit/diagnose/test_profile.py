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
<<<<<<< HEAD
from tlviz.data.sample import choose_rows
=======
from tlviz.data.sample import sample_target
from tlviz.diagnose.linear_head import fit_head, suggest_rate
from tlviz.diagnose.passes import read_sample
>>>>>>> ta
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
        *("pretrained network", "random weights", "reading photographs", "photographs", "gradients", "measuring"),
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
    assert "random weights" not in told
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


<<<<<<< HEAD
def test_samples_are_capped_stratified_and_leave_small_classes_and_test_images_out() -> None:
    labels = np.repeat([0, 1, 2], [3000, 1000, 4])
    chosen = choose_rows(labels, ("a", "b", "tiny"), ("",) * 4004, 1000)
    assert np.bincount(labels[chosen.rows]).tolist() == [750, 250]
    assert chosen.available == 4000
    assert chosen.notes == (
        "Left out for having fewer than 5 images: tiny.",
        "1,000 of 4,000 images were used, the same share of each class.",
    )
    assert choose_rows(labels, ("a", "b", "tiny"), ("",) * 4004, 1000).rows.tolist() == chosen.rows.tolist()
    parts = tuple("test" if at % 2 else "train" for at in range(4004))
    assert (choose_rows(labels, ("a", "b", "tiny"), parts, 10_000).rows % 2 == 0).all()


def test_labels_that_are_constant_within_a_split_are_looked_at_together_or_refused() -> None:
    labels, classes = np.repeat([0, 1], 20), ("a", "b")
    parts = ("train",) * 20 + ("val",) * 20
    assert np.bincount(labels[choose_rows(labels, classes, parts, 1000).rows]).tolist() == [20, 20]
    with pytest.raises(BadDatasetError, match="test images aside; only 1 of 1 has that many"):
        choose_rows(labels, classes, ("train",) * 20 + ("test",) * 20, 1000)


def test_a_thousand_classes_and_two_hundred_thousand_images_are_sampled() -> None:
    labels = np.arange(200_000) % 1000
    classes = tuple(map(str, range(1000)))
    chosen = choose_rows(labels, classes, ("",) * 200_000, 1000)
    assert np.unique(labels[chosen.rows], return_counts=True)[1].tolist() == [10] * 100
    assert chosen.notes[0] == "100 of 1,000 classes were used, evenly spaced."
    assert chosen.notes[1] == "1,000 of 200,000 images were used, the same share of each class."
    uneven = np.repeat(np.arange(50), [4000] + [6] * 49)
    rows = choose_rows(uneven, classes, ("",) * len(uneven), 1000).rows
    assert np.bincount(uneven[rows]).min() == 5
=======
def test_every_class_of_a_small_folder_is_looked_at_and_unreadable_pictures_are_told(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in "abcd":
        (tmp_path / name).mkdir()
        for at in range(6):
            Image.fromarray(generator.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(tmp_path / name / f"{at}.png")
    (tmp_path / "a" / "0.png").write_bytes(b"half")
    for at in range(2):
        (tmp_path / "b" / f"{at}.png").write_bytes(b"half")
    request = make_request("squeezenet1_1", str(tmp_path), image_size=64)
    sample = read_sample(request, *sample_target(str(tmp_path), request.limit))
    assert np.bincount(sample.labels).tolist() == [5, 0, 6, 6]
    assert sample.notes == ("3 pictures could not be opened.", "Left out for having fewer than 5 images: b.")


def test_requests_are_checked_and_have_a_default_size() -> None:
    assert make_request("squeezenet1_1", "photos").image_size == 160
    sizes = {"vit_b_16": 160, "vit_h_14": 168, "efficientformer_l1.snap_dist_in1k": 224, "tinynet_e.in1k": 106}
    assert {name: default_size(find_model(name)) for name in sizes} == sizes
    for options, words in (
        ({"image_size": 8}, "image size is 8; it must be between"),
        ({"limit": 3}, "limit is 3; it must be between 20"),
        ({"seed": 2**70}, "it must be between 0 and 4,294,967,295"),
    ):
        with pytest.raises(BadSettingError, match=words):
            make_request("squeezenet1_1", "photos", **options)  # type: ignore[arg-type]
    request = make_request("squeezenet1_1", "photos", seed=3)
    assert Request.from_json(request.to_json() | {"device": "files"}) == request
>>>>>>> ta
