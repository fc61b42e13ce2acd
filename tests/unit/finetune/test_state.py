"""From phase to phase: what is frozen, at which rate the rest trains, and what is remembered of the start."""

from __future__ import annotations

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.finetune.config import configure
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.models.load import Network

NORMS = {f"{block}.1.{kind}" for block in ("stem", "block1", "block2") for kind in ("weight", "bias")}


def state_of(network: Network, images: ImageSet, strategy: str, **chosen: object) -> State:
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "backbone_lr": 1e-2, "head_lr": 1e-1} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    return State(Session(network, images, split, config, torch.device("cpu"), lambda: False))


def rates(state: State) -> set[float]:
    return {round(group["lr"], 9) for group in state.optimizer.param_groups}


def test_a_phase_freezes_its_stages_and_scales_all_rates(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "two_phase")
    state.begin()
    assert state.frozen_names() == ["stem", "block1", "block2"]
    assert rates(state) == {0.1}
    state.enter(state.phase_of(6))
    assert state.frozen_names() == []
    assert rates(state) == {0.05, 0.005}


def test_only_what_may_move_is_remembered_and_as_a_copy(tiny: Network, colours: ImageSet) -> None:
    head = state_of(tiny, colours, "head_only")
    assert set(head.moving) == {"fc.weight", "fc.bias"}
    weight = tiny.module.get_parameter("fc.weight")
    before = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1)
    assert torch.equal(head.starts["fc.weight"], before)
    assert torch.equal(head.moving["fc.weight"], before + 1)
    assert set(state_of(tiny, colours, "norm_only").moving) > NORMS


def test_surgery_measures_the_stages_once_they_open(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "surgical")
    state.begin()
    assert state.shares == [1.0, 1.0, 1.0]
    state.enter(state.phases[-1])
    assert max(state.shares) == 1.0
    assert min(state.shares) < 1.0
    assert rates(state) == {0.1, *(round(0.01 * share, 9) for share in state.shares)}


@pytest.mark.parametrize(
    ("strategy", "chosen", "is_kept"),
    [
        ("head_only", {}, True),
        ("two_phase", {"freeze": 1}, True),
        ("head_only", {"ema": 0.9}, False),
        ("from_scratch", {"freeze": 2}, False),
        ("full", {"unfreeze": "3:stem+block1"}, False),
    ],
)
def test_only_what_pretrained_stages_compute_is_put_on_the_shelf(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object], is_kept: bool
) -> None:
    """Stages that trained before they were frozen, or that are averaged, are no longer the pretrained ones."""
    state = state_of(tiny, colours, strategy, **chosen)
    assert state._has_source_prefix(state.phases[-1]) is is_kept


def test_the_best_guess_is_the_average_where_there_is_one(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "head_only", ema=0.5)
    bias = tiny.module.get_parameter("fc.bias")
    before = bias.detach().clone()
    with torch.no_grad():
        bias.add_(1)
    with state.best_guess():
        assert torch.equal(bias, before)
    assert torch.equal(bias, before + 1)
