"""An interrupted run ends with the same weights, to the bit, as one that was not."""

from __future__ import annotations

import copy
import io
from dataclasses import replace

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import split_images
from tlviz.errors import BadWeightsError
from tlviz.finetune.choices import Augment, BatchNorm, ClassWeights, Optimizer, Schedule
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch, Progress, Started, Stopped, StopReason
from tlviz.finetune.resume import checkpoint, restore
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.load import Network


def new_state(network: Network, images: ImageSet, strategy: str, **chosen: object) -> State:
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "head_lr": 1e-2, "backbone_lr": 1e-3} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    own = replace(network, module=copy.deepcopy(network.module))
    return State(Session(own, images, split, config, torch.device("cpu"), lambda: False))


OPTIONS: dict[str, dict[str, object]] = {
    "averaged": {"ema": 0.9},
    "momentum": {"optimizer": Optimizer.SGD, "schedule": Schedule.ONE_CYCLE},
    "augmented": {"augment": Augment.LIGHT, "mix": Mix.MIXUP, "label_smoothing": 0.1},
    "pulled": {"l2_sp": 1.0, "accumulate": 2, "class_weights": ClassWeights.BALANCED},
    "statistics": {"freeze": 2, "batchnorm": BatchNorm.REESTIMATE},
    "averaged statistics": {"freeze": 2, "batchnorm": BatchNorm.REESTIMATE, "ema": 0.9},
    "moving": {"freeze": 2, "batchnorm": BatchNorm.MOVE},
    "frozen again": {"unfreeze": "2:0,4:stem+block1", "ema": 0.9},
}
CASES = [(strategy, {"augment": Augment.LIGHT, "views": 2}) for strategy in STRATEGIES] + [
    ("two_phase", options) for options in OPTIONS.values()
]


@pytest.mark.parametrize(("strategy", "chosen"), CASES, ids=[*STRATEGIES, *OPTIONS])
def test_a_run_taken_up_after_any_epoch_ends_as_if_nothing_had_happened(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object]
) -> None:
    whole = new_state(tiny, colours, strategy, **chosen)
    saved: list[bytes] = []
    expected: list[Epoch] = []
    for event in train(whole):
        if isinstance(event, Epoch):
            saved.append(checkpoint(whole, 1.5 * event.epoch))
            expected.append(event)
    assert len(saved) == 7
    for number, content in enumerate(saved[:-1]):
        torch.rand(number)
        again = new_state(tiny, colours, strategy, **chosen)
        assert restore(again, content) == 1.5 * number
        events = list(train(again))
        epochs = [event for event in events if isinstance(event, Epoch)]
        assert [(e.epoch, e.train_loss, e.val_loss) for e in epochs] == [
            (e.epoch, e.train_loss, e.val_loss) for e in expected[number + 1 :]
        ]
        assert not any(isinstance(event, Started) for event in events)
        weights = again.module.state_dict()
        assert all(torch.equal(tensor, weights[name]) for name, tensor in whole.module.state_dict().items())
        assert again.best is not None
        assert whole.best is not None
        assert (again.best.epoch, again.best.val_loss) == (whole.best.epoch, whole.best.val_loss)
        if whole.averaged:
            assert again.averaged is not None
            average = again.averaged.average
            assert all(torch.equal(tensor, average[name]) for name, tensor in whole.averaged.average.items())


def test_a_stop_within_an_epoch_costs_that_epoch_only(tiny: Network, colours: ImageSet) -> None:
    whole = new_state(tiny, colours, "full")
    list(train(whole))
    asked = [False]
    stopped = new_state(tiny, colours, "full")
    stopped.session = replace(stopped.session, should_stop=lambda: asked[0])
    content = b""
    for event in train(stopped):
        if isinstance(event, Epoch):
            content = checkpoint(stopped, 0)
        asked[0] = isinstance(event, Progress) and (event.epoch, event.step) == (3, 2)
    assert event == Stopped(StopReason.REQUEST)
    again = new_state(tiny, colours, "full")
    restore(again, content)
    assert again.epoch == 2
    list(train(again))
    assert torch.equal(again.module.get_parameter("fc.weight"), whole.module.get_parameter("fc.weight"))


def test_patience_counts_across_an_interruption(tiny: Network, colours: ImageSet) -> None:
    chosen = {"epochs": 200, "patience": 2}
    whole = new_state(tiny, colours, "full", **chosen)
    saved = [checkpoint(whole, 0) for event in train(whole) if isinstance(event, Epoch)]
    for content in saved[-2:]:
        again = new_state(tiny, colours, "full", **chosen)
        restore(again, content)
        assert list(train(again))[-1] == Stopped(StopReason.PATIENCE)
        assert again.epoch == whole.epoch < 200


def test_memory_that_runs_out_while_taking_up_a_run_is_not_taken_for_damage(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = checkpoint_of(tiny, colours, "head_only")
    again = new_state(tiny, colours, "head_only")

    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(again, "freeze", refuse)
    with pytest.raises(torch.OutOfMemoryError):
        restore(again, content)


def test_frozen_tensors_are_left_out_and_no_code_is_in_it(tiny: Network, colours: ImageSet) -> None:
    state = new_state(tiny, colours, "head_only")
    contents = [checkpoint(state, 0) for event in train(state) if isinstance(event, Epoch)]
    saved = torch.load(io.BytesIO(contents[-1]), weights_only=True)
    assert set(saved["weights"]) == {"fc.weight", "fc.bias"}
    full = torch.load(io.BytesIO(checkpoint_of(tiny, colours, "full")), weights_only=True)
    assert set(full["weights"]) == set(tiny.module.state_dict())
    norms = torch.load(io.BytesIO(checkpoint_of(tiny, colours, "norm_only")), weights_only=True)
    kernels = {f"{block}.0.{kind}" for block in ("stem", "block1", "block2") for kind in ("weight", "bias")}
    assert set(norms["weights"]) == set(tiny.module.state_dict()) - kernels


def checkpoint_of(tiny: Network, colours: ImageSet, strategy: str) -> bytes:
    state = new_state(tiny, colours, strategy, epochs=1)
    return [checkpoint(state, 0) for event in train(state) if isinstance(event, Epoch)][-1]


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "version"])
def test_what_cannot_be_read_is_one_sentence(tiny: Network, colours: ImageSet, damage: str) -> None:
    content = checkpoint_of(tiny, colours, "head_only")
    if damage == "version":
        buffer = io.BytesIO()
        torch.save(torch.load(io.BytesIO(content), weights_only=True) | {"format": 99}, buffer)
        content = buffer.getvalue()
    damaged = {"cut": content[:1000], "empty": b"", "other": checkpoint_of(tiny, colours, "full"), "version": content}
    with pytest.raises(BadWeightsError, match="start"):
        restore(new_state(tiny, colours, "head_only"), damaged[damage])


@pytest.mark.parametrize(
    "changed",
    [
        {"epoch": -5},
        {"epoch": 1.5},
        {"epoch": True},
        {"epoch": 99},
        {"epoch": "1"},
        {"best": None},
        {"best": {"epoch": 0}},
        {"shares": [1.0]},
        {"shares": None},
        {"elapsed_s": float("nan")},
        {"elapsed_s": -1.0},
        {"weights": {}},
        {"weights": None},
        {"optimizer": {}},
        {"optimizer": 3},
    ],
    ids=str,
)
def test_a_state_that_this_run_cannot_have_is_one_sentence(
    tiny: Network, colours: ImageSet, changed: dict[str, object]
) -> None:
    buffer = io.BytesIO()
    torch.save(torch.load(io.BytesIO(checkpoint_of(tiny, colours, "head_only")), weights_only=True) | changed, buffer)
    with pytest.raises(BadWeightsError, match="start the run anew"):
        restore(new_state(tiny, colours, "head_only", epochs=1), buffer.getvalue())
