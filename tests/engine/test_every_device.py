"""What holds on a CPU holds on a GPU: each proof on every device that there is, or on a pretended one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.pretended import pretended_gpu
from tests.unit.finetune.test_resume import OPTIONS
from tlviz.data.images import ImageSet
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import split_images
from tlviz.finetune.choices import Augment, ClassWeights, Optimizer, Schedule
from tlviz.finetune.config import configure
from tlviz.finetune.device import prepare_torch
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch, Progress, Started
from tlviz.finetune.range_test import range_test
from tlviz.finetune.resume import checkpoint, restore
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.load import Network
from tlviz.models.stages import owns

GPUS = [name for name in ("cuda", "mps") if getattr(torch, name).is_available()]
ROUNDING = {"cpu": 0.0, "cuda": 0.05, "mps": 1e-3}
"""How far losses may lie apart that are equal but for rounding; on a GPU networks compute in bfloat16."""


@pytest.fixture(params=["cpu", *(GPUS or ["pretended"])])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Yield each device in turn; where there is no GPU, one that is pretended."""
    if request.param != "pretended":
        yield torch.device(request.param)
        return
    with pretended_gpu(monkeypatch):
        yield torch.device("cuda")


def state_of(network: Network, images: ImageSet, strategy: str, device: torch.device, **chosen: object) -> State:
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "head_lr": 1e-1, "backbone_lr": 1e-2} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    own = replace(network, module=copy.deepcopy(network.module))
    return State(Session(own, images, split, config, device, lambda: False))


def weights_of(state: State) -> dict[str, Tensor]:
    return {name: tensor.cpu().clone() for name, tensor in state.module.state_dict().items()}


def epochs_of(state: State) -> list[Epoch]:
    return [event for event in train(state) if isinstance(event, Epoch)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_learns_and_freezes_to_the_byte(
    tiny: Network, colours: ImageSet, strategy: str, device: torch.device
) -> None:
    state = state_of(tiny, colours, strategy, device, epochs=8)
    before = weights_of(state)
    events = list(train(state))
    begun = next(event for event in events if isinstance(event, Started))
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert begun.device == str(device)
    assert epochs[-1].val_loss < 0.9 * epochs[0].val_loss
    assert epochs[-1].noise_scale is None or epochs[-1].noise_scale > 0
    if strategy in {"head_only", "last_stages"}:
        frozen = [stage for stage in state.session.network.stages if stage.name in begun.frozen]
        still = [name for name in before if any(owns(stage, name) for stage in frozen)]
        after = weights_of(state)
        assert still
        assert all(torch.equal(before[name], after[name]) for name in still)
        assert not torch.equal(before["fc.weight"], after["fc.weight"])


@pytest.mark.parametrize("augment", Augment)
def test_what_is_kept_of_frozen_stages_gives_the_losses_that_computing_it_anew_gives(
    tiny: Network, colours: ImageSet, augment: Augment, device: torch.device
) -> None:
    settings = {"freeze": 2, "augment": augment, "views": 2}
    kept, anew = (epochs_of(state_of(tiny, colours, "last_stages", device, **settings, cache_mb=mb)) for mb in (64, 0))
    assert [e.val_loss for e in kept] == pytest.approx([e.val_loss for e in anew], abs=ROUNDING[device.type])


@pytest.mark.parametrize("chosen", OPTIONS.values(), ids=OPTIONS)
def test_a_run_taken_up_again_ends_as_if_nothing_had_happened(
    tiny: Network, colours: ImageSet, chosen: dict[str, object], device: torch.device
) -> None:
    threads = torch.get_num_threads()
    prepare_torch(threads, deterministic=True)
    try:
        whole = state_of(tiny, colours, "two_phase", device, deterministic=True, **chosen)
        for event in train(whole):
            if isinstance(event, Epoch) and event.epoch == 4:
                saved = checkpoint(whole, 0.0)
        again = state_of(tiny, colours, "two_phase", device, deterministic=True, **chosen)
        restore(again, saved)
        assert [epoch.epoch for epoch in epochs_of(again)] == [5, 6]
    finally:
        prepare_torch(threads, deterministic=False)
    expected = weights_of(whole)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights_of(again).items())


def test_a_range_test_leaves_no_trace(tiny: Network, colours: ImageSet, device: torch.device) -> None:
    state = state_of(tiny, colours, "full", device, augment=Augment.LIGHT)
    state.begin()
    before = weights_of(state)
    result = range_test(state, steps=30)
    assert result.losses
    assert all(torch.equal(before[name], tensor) for name, tensor in weights_of(state).items())


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("head_only", {}),
        ("last_stages", {"freeze": 2, "augment": Augment.LIGHT, "views": 2}),
        ("full", {"augment": Augment.LIGHT, "mix": Mix.CUTMIX, "l2_sp": 0.1, "accumulate": 2}),
        ("discriminative", {"ema": 0.9, "class_weights": ClassWeights.BALANCED, "label_smoothing": 0.1}),
        ("surgical", {"optimizer": Optimizer.SGD, "schedule": Schedule.ONE_CYCLE}),
    ],
)
def test_no_step_of_training_waits_for_a_gpu(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretended_gpu(monkeypatch) as gpu:
        before, steps = 0, 0
        for event in train(state_of(tiny, colours, strategy, torch.device("cuda"), **chosen)):
            if isinstance(event, Progress) and event.step > 1:
                assert gpu.waits == before, f"epoch {event.epoch}, step {event.step}"
                steps += 1
            before = gpu.waits
    assert steps >= 6
    assert before > 0, "what is told at the end of an epoch is waited for"
