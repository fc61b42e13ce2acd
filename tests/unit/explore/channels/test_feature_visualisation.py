"""Visualisations: red for a channel that answers to red, equal for equal requests, nothing stays in the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.explore.channels.test_top_images import plant_red
from tlviz.errors import BadSettingError, BadWeightsError, UnknownNameError
from tlviz.explore.channels.feature_visualisation import (
    Objective,
    VisualisationRequest,
    kept_visualisation,
    visualisation_size,
    visualise,
    visualise_and_keep,
)
from tlviz.explore.partial_forward import weights_digest
from tlviz.home import cache_folder
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network


def small(channel: int, **others: object) -> VisualisationRequest:
    return VisualisationRequest("stem", channel, size=32, steps=192, **others)  # type: ignore[arg-type]


def test_a_channel_that_answers_to_red_is_drawn_red(tiny: Network) -> None:
    found = visualise(tiny, small(plant_red(tiny)))
    red, green, blue = found.picture.reshape(-1, 3).mean(0)
    assert found.picture.shape == (32, 32, 3)
    assert red > 1.7 * max(green, blue)
    redder = found.picture[..., 0].astype(int) - found.picture[..., 1:].max(-1)
    assert (redder > 80).sum() > 4 * (redder < -80).sum()
    assert found.responds
    assert found.after > found.before + 1


def test_the_middle_is_red_where_only_the_middle_counts(tiny: Network) -> None:
    found = visualise(tiny, small(plant_red(tiny), objective=Objective.CENTRE))
    away = found.picture.astype(float)[..., 0] - found.picture.astype(float)[..., 1:].mean(-1)
    assert away[14:19, 14:19].mean() > 100
    assert away[14:19, 14:19].mean() > away.mean() + 20


def test_a_channel_that_is_silent_on_noise_is_woken(tiny: Network) -> None:
    red = plant_red(tiny)
    with torch.no_grad():
        tiny.module.stem[1].bias[red] = -1.0
    found = visualise(tiny, small(red))
    assert found.before == 0
    assert found.after > 0.3
    red_mean, *others = found.picture.reshape(-1, 3).mean(0)
    assert red_mean > 1.3 * max(others)


def test_equal_requests_give_equal_pictures(tiny: Network) -> None:
    first, again = (visualise(tiny, VisualisationRequest("block2", 3, size=32, steps=8)) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    other = visualise(tiny, VisualisationRequest("block2", 3, size=32, steps=8, seed=1))
    assert not np.array_equal(first.picture, other.picture)


def test_the_network_is_as_it_was_and_free_meanwhile(tiny: Network) -> None:
    tiny.module.train()
    before = {name: value.clone() for name, value in tiny.module.state_dict().items()}
    free: list[bool] = []
    visualise(
        tiny,
        VisualisationRequest("block1", 0, size=32, steps=3),
        lambda done, total: free.append(not tiny.lock.locked()),
    )
    assert free == [True, True, True]
    assert tiny.module.training
    assert all(torch.equal(value, before[name]) for name, value in tiny.module.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in tiny.module.parameters())
    assert not any(layer._forward_hooks for layer in tiny.module.modules())


def test_it_is_kept_whole_or_not_at_all(tiny: Network) -> None:
    request, digest = small(0), weights_digest(tiny)

    def stop(done: int, total: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        visualise_and_keep(tiny, request, stop)
    assert not cache_folder("drawings").exists()
    assert kept_visualisation(digest, request) is None
    found = visualise_and_keep(tiny, request)
    told: list[int] = []
    again = visualise_and_keep(tiny, request, lambda done, total: told.append(done))
    assert not told
    assert np.array_equal(again.picture, found.picture)
    assert (again.before, again.after) == (found.before, found.after)
    (file,) = cache_folder("drawings").iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert kept_visualisation(digest, request) is None
    assert np.array_equal(visualise_and_keep(tiny, request).picture, found.picture)
    assert kept_visualisation(digest, replace(request, channel=1)) is None


def test_a_dead_channel_does_not_respond(tiny: Network) -> None:
    with torch.no_grad():
        tiny.module.stem[1].weight[1], tiny.module.stem[1].bias[1] = 0, -1
    found = visualise(tiny, small(1))
    assert not found.responds


def test_mistakes_are_one_sentence(tiny: Network) -> None:
    with pytest.raises(BadSettingError, match="channel is 4; stem has 4, from 0 to 3"):
        visualise(tiny, small(4))
    with pytest.raises(BadSettingError, match="channel is -1"):
        visualise(tiny, small(-1))
    with pytest.raises(UnknownNameError, match="no stage called 'nowhere'"):
        visualise(tiny, VisualisationRequest("nowhere", 0))
    with torch.no_grad():
        tiny.module.fc.bias[0] = float("inf")
    with pytest.raises(BadWeightsError, match=r"fc\.bias holds numbers that are not finite"):
        visualise(tiny, small(0))
    assert not tiny.lock.locked()


def test_networks_of_a_fixed_size_are_drawn_for_at_theirs(tiny: Network) -> None:
    assert visualisation_size(tiny, 128) == 128
    assert visualisation_size(replace(tiny, spec=find_model("vit_b_16")), 128) == 224
