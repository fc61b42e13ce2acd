"""What keeps a small target from being learnt by heart, and the optimizer beside it, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import Indices, split_images
from tlviz.finetune import engine
from tlviz.finetune.choices import ClassWeights, Optimizer
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.regularise import AveragedWeights, training_loss
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.step import Note
from tlviz.models.load import Network


def state_of(network: Network, images: ImageSet, strategy: str = "full", **chosen: object) -> State:
    values = {"epochs": 1, "batch_size": 48, "image_size": 64, "head_lr": 0.1, "backbone_lr": 0.1} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    return State(Session(network, images, split, config, torch.device("cpu"), lambda: False))


def on_flat_ground(state: State, batch: Indices, epoch: int, generator: torch.Generator, note: Note) -> None:
    """Stand for a batch at which the loss does not depend on the weights."""
    for parameter in state.module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    note(torch.tensor(1.0), torch.zeros(len(batch), 3), state.feed.labels(batch))


def test_sgd_has_momentum_and_looks_ahead(tiny: Network, colours: ImageSet) -> None:
    """Nesterov: v = 0.9 v + g, then w falls by the rate times g + 0.9 v: 0.1 * 1.9, then 0.1 * (1 + 0.9 * 1.9)."""
    state = state_of(tiny, colours, optimizer=Optimizer.SGD, weight_decay=0.0)
    state.begin()
    bias = tiny.module.get_parameter("fc.bias")
    start = bias.detach().clone()
    for fallen in (0.19, 0.461):
        bias.grad = torch.ones_like(bias)
        state.optimizer.step()
        assert (start - bias.detach()).tolist() == pytest.approx([fallen] * 3, rel=1e-5)


def test_averages_follow_with_a_decay_that_rises_to_its_value() -> None:
    """Decays 2/11, then 3/12 capped at 0.2, of weights that go 0, 1, 2; counters are copied."""
    weight, counter = torch.zeros(1), torch.tensor(0)
    averaged = AveragedWeights({"weight": weight, "counter": counter}, 0.2)
    for value, expected in ((1.0, 9 / 11), (2.0, 0.2 * 9 / 11 + 0.8 * 2)):
        weight.fill_(value)
        counter.add_(1)
        averaged.update()
        assert averaged.average["weight"].item() == pytest.approx(expected)
    assert averaged.average["counter"].item() == averaged.steps == 2


def test_every_update_is_averaged_and_the_average_is_what_is_judged(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three updates of a run on flat ground, the live bias 11 above its start: 9/11, 9/12 and 9/13 of the way each."""
    monkeypatch.setattr(engine, "backward", on_flat_ground)
    state = state_of(tiny, colours, batch_size=16, ema=0.99)
    bias = tiny.module.get_parameter("fc.bias")
    start = bias.detach().clone()
    with torch.no_grad():
        bias.add_(11)
    list(train(state))
    assert state.averaged is not None
    assert state.averaged.steps == 3
    left = 2 / 11 * 3 / 12 * 4 / 13
    with state.best_guess():
        assert (bias.detach() - start).tolist() == pytest.approx([11 * (1 - left)] * 3, rel=1e-5)
    assert (bias.detach() - start).tolist() == pytest.approx([11] * 3)


def test_a_step_pulls_the_backbones_kernels_to_their_start_and_nothing_else(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a rate of 0.1 and a strength of 2 a fifth of the way, on flat ground; biases, norms and the head stay."""
    monkeypatch.setattr(engine, "backward", on_flat_ground)
    state = state_of(tiny, colours, l2_sp=2.0, weight_decay=0.0)
    starts = {name: parameter.detach().clone() for name, parameter in tiny.module.named_parameters()}
    with torch.no_grad():
        for parameter in tiny.module.parameters():
            parameter.add_(1)
    list(train(state))
    kernels = {f"{block}.0.weight" for block in ("stem", "block1", "block2")}
    for name, parameter in tiny.module.named_parameters():
        expected = torch.full_like(parameter, 0.8 if name in kernels else 1.0)
        assert torch.allclose(parameter.detach() - starts[name], expected, atol=1e-5), name
    assert isinstance(tiny.module.get_submodule("stem.0"), nn.Conv2d)


def test_balanced_weights_are_the_images_over_classes_times_the_classs_own() -> None:
    """Their scale counts where soft targets are compared, whose mean is over images and not over weights."""
    loss = training_loss(
        configure("squeezenet1_1", "clipart", "full", class_weights=ClassWeights.BALANCED),
        torch.tensor([0, 0, 0, 1]),
        3,
    )
    assert loss.weight is not None
    assert loss.weight.tolist() == pytest.approx([4 / (3 * 3), 4 / (3 * 1), 0])
