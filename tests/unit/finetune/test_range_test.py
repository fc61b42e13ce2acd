"""The range test leaves no trace and finds a rate that trains."""

from __future__ import annotations

import copy
import hashlib
import io
from dataclasses import replace

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import split_images
from tlviz.finetune.choices import Augment
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch
from tlviz.finetune.param_groups import group_table
from tlviz.finetune.range_test import range_test
from tlviz.finetune.session import Halted, Session
from tlviz.finetune.state import State
from tlviz.models.load import Network


def state_of(network: Network, images: ImageSet, strategy: str, **chosen: object) -> State:
    values = {"epochs": 3, "batch_size": 16, "image_size": 64, "augment": Augment.LIGHT} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    own = replace(network, module=copy.deepcopy(network.module))
    return State(Session(own, images, split, config, torch.device("cpu"), lambda: False))


def fingerprint(state: State) -> str:
    """Hash weights, buffers, gradients, optimizer, modes and the random state."""
    buffer = io.BytesIO()
    gradients = [parameter.grad for parameter in state.module.parameters()]
    torch.save([state.module.state_dict(), gradients, state.optimizer.state_dict(), torch.get_rng_state()], buffer)
    modes = "".join(str(int(module.training)) for module in state.module.modules())
    return hashlib.sha256(buffer.getvalue()).hexdigest() + modes


@pytest.mark.parametrize("strategy", ["full", "head_only", "last_stages", "norm_only"])
def test_it_leaves_no_trace_before_and_in_the_middle_of_a_run(tiny: Network, colours: ImageSet, strategy: str) -> None:
    with_test, without = (state_of(tiny, colours, strategy, ema=0.5) for _ in range(2))
    with_test.begin()
    before = fingerprint(with_test)
    result = range_test(with_test)
    assert fingerprint(with_test) == before
    assert len(result.rates) == len(result.losses) <= 100
    assert list(result.rates) == sorted(result.rates)

    for event in train(with_test):
        if isinstance(event, Epoch):
            before = fingerprint(with_test)
            range_test(with_test, steps=20)
            assert fingerprint(with_test) == before
    list(train(without))
    weights = without.module.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in with_test.module.state_dict().items())


def test_an_interrupted_test_leaves_no_trace_either(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full")
    state.begin()
    before, looks = fingerprint(state), iter(range(100))
    state.session = replace(state.session, should_stop=lambda: next(looks) > 7)
    with pytest.raises(Halted):
        range_test(state)
    assert fingerprint(state) == before


def test_the_suggested_rate_trains_better_than_ones_far_from_it(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", head_lr=1e-3, backbone_lr=1e-3)
    state.begin()
    result = range_test(state)
    assert result.suggested is not None
    assert 1e-4 < result.suggested < 1
    shown = group_table(state.optimizer)
    assert {row.lr for row in shown} == {1e-3}, "the run's own optimizer was not touched"

    def last_loss(rate: float) -> float:
        run = state_of(tiny, colours, "full", head_lr=rate, backbone_lr=rate, epochs=5)
        return [event for event in train(run) if isinstance(event, Epoch)][-1].val_loss

    assert last_loss(result.suggested) < last_loss(result.suggested / 1000)


def test_it_trains_as_the_run_would(tiny: Network, colours: ImageSet) -> None:
    def curve(**chosen: object) -> torch.Tensor:
        state = state_of(tiny, colours, "head_only", augment=Augment.NONE, **chosen)
        state.module.get_submodule("drop").p = 0.0
        state.begin()
        return torch.tensor(range_test(state, steps=10).losses)

    whole = curve(batch_size=16)
    torch.testing.assert_close(curve(batch_size=8, accumulate=2), whole, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(curve(batch_size=8), whole), "half a batch an update is another curve"
    assert not torch.allclose(curve(batch_size=16, mix=Mix.MIXUP), whole)


def test_weights_are_pulled_to_their_start_as_in_the_run(tiny: Network, colours: ImageSet) -> None:
    def curve(*, pulled: bool) -> torch.Tensor:
        state = state_of(tiny, colours, "full", head_lr=1e-2, backbone_lr=1e-2, l2_sp=100.0)
        state.begin()
        state.pull = state.pull if pulled else None
        return torch.tensor(range_test(state, steps=10).losses[:8])

    assert not torch.allclose(curve(pulled=True), curve(pulled=False))
