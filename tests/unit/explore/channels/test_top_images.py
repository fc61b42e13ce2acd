"""Top images are what a plain pass over all maps finds; a planted red channel has the red pictures on top."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.data.images import ImageSet
from tlviz.errors import BadWeightsError, UnknownNameError
from tlviz.explore.array_cache import kept_path
from tlviz.explore.channels import top_images as module
from tlviz.explore.channels.top_images import (
    TopImages,
    images_digest,
    sample_images,
    top_images_of_stages,
)
from tlviz.home import cache_folder
from tlviz.models.load import Network, normalise
from tlviz.models.spec import Layout


def top_images(network: Network, images: ImageSet, stage: str, **options: Any) -> TopImages:
    return top_images_of_stages(network, images, [stage], **options)[stage]


def plant_red(network: Network) -> int:
    """Make one channel of the stem answer to red against green and blue; return its number."""
    conv, norm = network.module.stem[0], network.module.stem[1]
    with torch.no_grad():
        conv.weight[2] = torch.tensor([1.0, -0.5, -0.5])[:, None, None] / 9
        conv.bias[2] = 0
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            getattr(norm, name)[2] = value
        norm.running_mean[2], norm.running_var[2] = 0, 1
    return 2


def every_map(network: Network, images: ImageSet, stage: int) -> np.ndarray:
    x = normalise(torch.from_numpy(np.array(images.pixels)), network.spec.preprocessing)
    with torch.no_grad():
        for name in ("stem", "block1", "block2")[: stage + 1]:
            x = network.module.get_submodule(name)(x)
    return x.numpy()


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_they_are_the_peaks_of_the_maps(tiny: Network, colours: ImageSet, stage: int) -> None:
    found = top_images(tiny, colours, tiny.stages[stage].name, count=5)
    maps = every_map(tiny, colours, stage)
    peaks = maps.max((2, 3)).T
    order = np.argsort(-peaks, axis=1, kind="stable")[:, :5]
    np.testing.assert_allclose(found.values, np.take_along_axis(peaks, order, 1), atol=1e-5)
    for channel in range(len(peaks)):
        for rank in range(5):
            at, row, column = (part[channel, rank] for part in (found.images, found.rows, found.columns))
            assert maps[at, channel, row, column] == pytest.approx(found.values[channel, rank], abs=1e-5)
    assert found.side == maps.shape[-1]
    np.testing.assert_allclose(found.lowest, maps.min((0, 2, 3)), atol=1e-5)
    positive = maps.clip(0).mean((2, 3))
    by_class = np.stack([positive[colours.labels == label].mean(0) for label in range(3)], 1)
    np.testing.assert_allclose(found.class_means, by_class, atol=1e-5)


def test_a_planted_red_channel_has_red_pictures_on_top(tiny: Network, colours: ImageSet) -> None:
    red = plant_red(tiny)
    found = top_images(tiny, colours, "stem")
    assert (colours.labels[found.images[red]] == 0).all()
    assert found.preferred_class(red) == 0
    assert found.selectivity()[red] > 0.5
    assert not found.is_dead(red)


def test_the_position_is_where_the_spot_is(tiny: Network, colours: ImageSet) -> None:
    red = plant_red(tiny)
    pixels = np.full((4, 32, 32, 3), 60, np.uint8)
    pixels[1, 22:26, 6:10, 0] = 255
    images = replace(colours, pixels=pixels, labels=np.array([0, 1, 2, 1]), names=("a", "b", "c", "d"))
    found = top_images(tiny, images, "stem", count=1)
    assert found.images[red, 0] == 1
    assert (found.rows[red, 0], found.columns[red, 0]) == (pytest.approx(11.5, abs=1), pytest.approx(3.5, abs=1))


def test_batches_make_no_difference(tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = top_images(tiny, colours, "block2", count=4)
    for file in cache_folder("channels").iterdir():
        file.unlink()
    monkeypatch.setattr(module, "BATCH", 7)
    parts = top_images(tiny, colours, "block2", count=4)
    np.testing.assert_array_equal(parts.images, whole.images)
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-5)
    np.testing.assert_allclose(parts.class_means, whole.class_means, atol=1e-6)


@pytest.mark.parametrize(("fits", "tried"), [(8, [32, 16, 8]), (0, [32, 16, 8, 4, 2, 1])])
def test_memory_that_runs_out_halves_the_batch(tiny: Network, colours: ImageSet, fits: int, tried: list[int]) -> None:
    from tlviz.errors import TlvizError

    whole = top_images(tiny, colours, "block1")
    seen: list[int] = []

    def full(_module: object, inputs: tuple[torch.Tensor]) -> None:
        if not seen or len(inputs[0]) < seen[-1]:
            seen.append(len(inputs[0]))
        if len(inputs[0]) > fits:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    for file in cache_folder("channels").iterdir():
        file.unlink()
    handle = tiny.module.register_forward_pre_hook(full)
    try:
        if fits:
            found = top_images(tiny, colours, "block1")
            assert np.array_equal(found.images, whole.images)
            assert found.class_means == pytest.approx(whole.class_means)
        else:
            with pytest.raises(TlvizError, match="not enough memory for one picture at a time"):
                top_images(tiny, colours, "block1")
    finally:
        handle.remove()
    if not fits or len(colours.labels) % fits == 0:
        assert seen == tried


def test_of_equal_peaks_the_earlier_image_is_first(tiny: Network, colours: ImageSet) -> None:
    same = replace(colours, pixels=np.repeat(np.array(colours.pixels[:1]), 60, 0))
    assert top_images(tiny, same, "stem", count=3).images[0].tolist() == [0, 1, 2]


def test_one_pass_gives_all_stages_what_single_passes_give(tiny: Network, colours: ImageSet, home: Path) -> None:
    names = [stage.name for stage in tiny.stages]
    together = top_images_of_stages(tiny, colours, names, count=3)
    assert list(together) == names
    for file in cache_folder("channels").iterdir():
        file.unlink()
    for name in names:
        alone = top_images(tiny, colours, name, count=3)
        np.testing.assert_array_equal(alone.images, together[name].images)
        np.testing.assert_allclose(alone.values, together[name].values, atol=1e-6)


def test_tokens_flat_outputs_and_grids_last_count_too(tiny: Network, colours: ImageSet) -> None:
    class Tokens(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            grid = nn.functional.avg_pool2d(x, 8).flatten(2).transpose(1, 2)  # 16 positions
            return torch.cat([torch.full_like(grid[:, :1], 1e6), grid], 1)  # a class token, which is no position

    module = nn.Sequential(Tokens(), nn.Flatten(), nn.Linear(51, 2))
    stages = (
        replace(tiny.stages[0], name="tokens", modules=("0",), channels=3, layout=Layout.TOKENS),
        replace(tiny.stages[-1], modules=("2",), channels=2, layout=Layout.FLAT),
    )
    network = replace(tiny, module=module, stages=stages)
    found = top_images_of_stages(network, colours, ["tokens", "head"], count=2)
    assert found["tokens"].side == 4
    assert found["tokens"].values.max() < 1e5
    assert (colours.labels[found["tokens"].images[1]] == 1).all()
    assert found["head"].side == 1
    assert (found["head"].rows == 0).all()


def test_it_comes_from_the_disk_and_a_damaged_file_is_computed_again(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = top_images(tiny, colours, "stem")
    (file,) = cache_folder("channels").iterdir()
    told: list[int] = []
    again = top_images(tiny, colours, "stem", progress=lambda done, total: told.append(done))
    assert not told
    np.testing.assert_array_equal(again.values, first.values)
    content = file.read_bytes()
    for damaged in (content[:100], b"", content[:200] + b"\xff" * 80 + content[280:], b"no archive"):
        file.write_bytes(damaged)
        np.testing.assert_array_equal(top_images(tiny, colours, "stem").values, first.values)
        assert kept_path("channels", file.stem).read_bytes() != damaged


def test_other_weights_other_pictures_and_other_labels_are_other_entries(tiny: Network, colours: ImageSet) -> None:
    first = top_images(tiny, colours, "stem")
    with torch.no_grad():
        tiny.module.stem[0].weight.mul_(2)
    assert not np.allclose(top_images(tiny, colours, "stem").values, first.values)
    darker = replace(colours, pixels=np.array(colours.pixels) // 2)
    relabelled = replace(colours, labels=(colours.labels + 1) % 3)
    assert len({images_digest(images) for images in (colours, darker, relabelled)}) == 3


def test_an_ended_pass_leaves_nothing(tiny: Network, colours: ImageSet) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    tiny.module.train()
    with pytest.raises(KeyboardInterrupt):
        top_images(tiny, colours, "block1", progress=stop)
    assert tiny.module.training
    assert not any(layer._forward_hooks for layer in tiny.module.modules())
    assert not tiny.lock.locked()
    assert not cache_folder("channels").exists()


def test_a_dead_channel_is_told_from_a_living_one(tiny: Network, colours: ImageSet) -> None:
    with torch.no_grad():
        tiny.module.stem[1].weight[1] = 0
        tiny.module.stem[1].bias[1] = -1
    found = top_images(tiny, colours, "stem")
    assert found.is_dead(1)
    assert found.dead().sum() == 1
    assert np.isnan(found.selectivity()[1])
    assert 1 not in found.most_selective(4)
    assert 1 not in found.strongest(4)


def test_hardly_active_channels_do_not_count_as_selective() -> None:
    means = np.array([[1e-9, 0.0], [3.0, 1.0], [2.0, 2.0], [0.5, 0.1]])
    part = np.zeros((4, 1))
    top = TopImages(part.astype(int), part.astype(np.float32), part.astype(int), part.astype(int), means,
                    np.zeros(4, np.float32), np.ones(4, np.float32), 1)  # fmt: skip
    assert top.selectivity()[0] == 1
    assert top.most_selective(4) == [1, 2]
    assert top.strongest(2) == [1, 2]


def test_a_sample_has_all_classes_in_proportion(colours: ImageSet) -> None:
    sample = sample_images(colours, 12)
    assert np.bincount(sample.labels).tolist() == [4, 4, 4]
    assert len(sample.names) == len(sample.pixels) == 12
    assert np.array_equal(sample.pixels[3], colours.pixels[colours.names.index(sample.names[3])])
    assert sample_images(colours, 60) is colours


def test_damaged_weights_and_unknown_stages_are_one_sentence(tiny: Network, colours: ImageSet) -> None:
    with pytest.raises(UnknownNameError, match="no stage called 'layer9'"):
        top_images(tiny, colours, "layer9")
    with torch.no_grad():
        tiny.module.block1[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(BadWeightsError, match=r"block1\.0\.weight holds numbers that are not finite"):
        top_images(tiny, colours, "stem")
