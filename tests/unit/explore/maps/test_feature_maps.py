"""Feature maps are what the layers gave, channels rank as said, and hooks leave no trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tlviz.explore.maps.feature_maps import Order, best_guesses, extract_feature_maps, rank_channels
from tlviz.models.load import Network, normalise


def test_maps_equal_the_stages_outputs(tiny: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    seen = extract_feature_maps(tiny, pixels)
    with torch.no_grad():
        value = normalise(torch.from_numpy(pixels)[None], tiny.spec.preprocessing)
        for stage in tiny.stages[:-1]:
            value = tiny.module.get_submodule(stage.name)(value)
            np.testing.assert_allclose(seen.maps[stage.name], value[0].numpy(), rtol=1e-5, atol=1e-6)
    assert list(seen.maps) == ["stem", "block1", "block2"]
    assert sum(guess.probability for guess in seen.guesses) == pytest.approx(1)


def test_a_map_before_an_in_place_relu_is_not_rectified(tiny: Network) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 1), nn.Flatten())
    stages = (replace(tiny.stages[0], name="conv", modules=("0",)), replace(tiny.stages[-1], modules=("2", "3")))
    pixels = np.random.default_rng(0).integers(0, 255, (1, 1, 3), dtype=np.uint8)
    with torch.no_grad():
        module[0].bias.fill_(-100.0)
    seen = extract_feature_maps(replace(tiny, module=module, stages=stages, classes=("a", "b")), pixels)
    assert seen.maps["conv"].max() < 0


def test_hooks_are_gone_and_the_lock_is_free_after_a_failure(tiny: Network) -> None:
    with pytest.raises(RuntimeError):
        extract_feature_maps(tiny, np.zeros((0, 32, 3), np.uint8))
    assert not any(layer._forward_hooks for layer in tiny.module.modules())
    assert not tiny.lock.locked()


def test_channels_rank_by_strength_or_spread() -> None:
    maps = np.stack([np.full((2, 2), -5.0), np.zeros((2, 2)), np.array([[1.0, -1.0], [1.0, -1.0]])]).astype(np.float32)
    assert rank_channels(maps, Order.STRONGEST).tolist() == [0, 2, 1]
    assert rank_channels(maps, Order.VARIED).tolist() == [2, 0, 1]


def test_a_channel_that_lights_up_on_a_plain_background_does_not_stand_out() -> None:
    """The first channel likes the background, the second what is on it, the third everything alike."""
    thing = np.zeros((4, 5), np.float32)
    thing[1:3, 2] = 0.4
    maps = np.stack([3 * (thing == 0), thing, np.full((4, 5), 9.0)]).astype(np.float32)
    assert rank_channels(maps, Order.STANDING_OUT).tolist() == [1, 2, 0]
    assert rank_channels(maps, Order.STRONGEST).tolist() == [2, 0, 1]
    assert rank_channels(maps, Order.VARIED).tolist() == [0, 1, 2]


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 2, 2), (3, 1, 9)])
def test_a_map_without_an_inside_has_nothing_to_stand_out_from(shape: tuple[int, int, int]) -> None:
    maps = np.broadcast_to(np.array([0.1, -3.0, 2.0], np.float32)[:, None, None], shape)
    assert rank_channels(maps, Order.STANDING_OUT).tolist() == [1, 2, 0]


def test_guesses_are_softmax_by_hand() -> None:
    first, second = best_guesses(torch.log(torch.tensor([1.0, 3.0, 4.0])), ("a", "b", "c"), 2)
    assert (first.name, second.name) == ("c", "b")
    assert (first.probability, second.probability) == pytest.approx((0.5, 0.375))
