"""The engine learns, freezes to the byte, repeats itself, and stops when asked."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import BadSettingError, TlvizError
from tlviz.finetune.choices import Augment, ClassWeights, Monitor
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.engine import finetune, train
from tlviz.finetune.events import Epoch, Progress, Started, Stopped, StopReason, Unfrozen
from tlviz.finetune.regularise import training_loss
from tlviz.finetune.scoring import Score
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.models.load import Network

CPU = torch.device("cpu")


def config(strategy: str = "full", **chosen: object) -> FinetuneConfig:
    values = {"epochs": 3, "batch_size": 16, "image_size": 64, "backbone_lr": 1e-3, "head_lr": 1e-2} | chosen
    return configure("squeezenet1_1", "clipart", strategy, **values)


def session(network: Network, images: ImageSet, settings: FinetuneConfig) -> Session:
    split = split_images(images.labels, images.parts, settings.seed)
    return Session(network, images, split, settings, CPU, lambda: False)


def run(network: Network, images: ImageSet, settings: FinetuneConfig) -> list[Epoch]:
    return [event for event in finetune(session(network, images, settings)) if isinstance(event, Epoch)]


def changed_keys(network: Network, before: dict[str, torch.Tensor]) -> set[str]:
    return {key for key, value in network.module.state_dict().items() if not torch.equal(value, before[key])}


def test_it_learns_to_tell_colours_apart(tiny: Network, colours: ImageSet) -> None:
    epochs = run(tiny, colours, config(epochs=8))
    assert [epoch.epoch for epoch in epochs] == list(range(9))
    assert epochs[0].train_loss is None
    assert epochs[-1].val_accuracy > 0.9 > 0.6 > epochs[0].val_accuracy
    assert epochs[-1].val_loss < epochs[0].val_loss


def test_the_same_seed_gives_the_same_weights(tiny: Network, colours: ImageSet) -> None:
    settings = config(augment=Augment.LIGHT)
    twin = replace(tiny, module=copy.deepcopy(tiny.module))
    other = replace(tiny, module=copy.deepcopy(tiny.module))
    run(tiny, colours, settings)
    torch.rand(7)
    run(twin, colours, settings)
    run(other, colours, replace(settings, seed=1))
    assert not changed_keys(tiny, twin.module.state_dict())
    assert "fc.weight" in changed_keys(tiny, other.module.state_dict())


def test_a_request_stops_within_a_step(tiny: Network, colours: ImageSet) -> None:
    asked = [False]
    work = replace(session(tiny, colours, config(epochs=50)), should_stop=lambda: asked[0])
    seen = []
    for event in finetune(work):
        seen.append(event)
        if isinstance(event, Progress) and event.epoch == 2:
            asked[0] = True
    assert seen[-1] == Stopped(StopReason.REQUEST)
    assert sum(isinstance(event, Progress) and event.epoch == 2 for event in seen) == 1


def test_patience_ends_a_run_that_no_longer_improves(tiny: Network, colours: ImageSet) -> None:
    events = list(finetune(session(tiny, colours, config(epochs=200, patience=2))))
    assert events[-1] == Stopped(StopReason.PATIENCE)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert len(epochs) < 200
    best = max(epochs, key=lambda e: (e.val_accuracy, -e.val_loss, -e.epoch))
    assert epochs[-1].epoch - best.epoch == 2


def test_a_loss_that_is_no_number_is_one_sentence(tiny: Network, colours: ImageSet) -> None:
    with torch.no_grad():
        tiny.module.get_parameter("fc.bias").fill_(float("nan"))
    with pytest.raises(TlvizError, match="no longer a number in epoch 1; lower the learning rates"):
        run(tiny, colours, config())


def test_weights_that_answer_with_no_number_are_never_the_best(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All logits NaN look like the first class: a high accuracy where most images are of it."""
    scores = iter([Score(1.0, 0.1, 0.1), Score(float("nan"), 0.9, 0.9)])
    monkeypatch.setattr("tlviz.finetune.engine.score", lambda *_: next(scores))
    seen: list[Epoch] = []
    with pytest.raises(TlvizError, match="no longer a number in epoch 1"):
        seen.extend(e for e in finetune(session(tiny, colours, config())) if isinstance(e, Epoch))
    assert all(epoch.val_accuracy == 0.1 for epoch in seen)


def test_a_stop_before_the_first_validation_ends_at_once(tiny: Network, colours: ImageSet) -> None:
    work = replace(session(tiny, colours, config()), should_stop=lambda: True)
    assert [type(event) for event in finetune(work)] == [Started, Stopped]


def test_a_depth_beyond_the_backbone_is_refused(tiny: Network, colours: ImageSet) -> None:
    with pytest.raises(BadSettingError, match="freeze is 4; it must be between 0"):
        run(tiny, colours, config(freeze=4))


def test_the_started_event_counts_what_trains(tiny: Network, colours: ImageSet) -> None:
    begun = next(finetune(session(tiny, colours, config(freeze=2))))
    assert isinstance(begun, Started)
    assert begun.trainable_parameters == sum(stage.parameters for stage in tiny.stages[2:])
    assert begun.frozen_parameters == sum(stage.parameters for stage in tiny.stages[:2])
    assert (begun.train_images, begun.validation_images, begun.test_images) == (48, 12, 0)


def test_pieces_of_a_batch_make_the_update_of_the_whole(tiny: Network, colours: ImageSet) -> None:
    """Gradient accumulation keeps the effective batch; only BatchNorm, here frozen, would see the pieces."""
    ends = []
    for batch_size, accumulate in ((24, 1), (8, 3)):
        own = replace(tiny, module=copy.deepcopy(tiny.module))
        settings = config("head_only", batch_size=batch_size, accumulate=accumulate, dropout=None)
        own.module.get_submodule("drop").p = 0.0  # type: ignore[assignment]
        run(own, colours, settings)
        ends.append(own.module.get_parameter("fc.weight"))
    assert torch.allclose(ends[0], ends[1], atol=1e-6)


@pytest.mark.parametrize(
    ("error", "batch", "words"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory."),
            16,
            "choose batch size 8 and accumulate 2 of them to an update",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), 16, "for batches of 16; choose"),
        (MemoryError(), 1, "for batches of 1; choose a smaller image size"),
    ],
)
def test_too_little_memory_proposes_the_next_smaller_batch(
    tiny: Network, colours: ImageSet, error: Exception, batch: int, words: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    tiny.module.get_submodule("fc").register_forward_hook(fail)
    with pytest.raises(TlvizError, match=words):
        run(tiny, colours, config(batch_size=batch))


def test_other_errors_stay_what_they_are(tiny: Network, colours: ImageSet) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    tiny.module.get_submodule("fc").register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="a defect"):
        run(tiny, colours, config())


def test_balanced_classes_count_alike_in_the_training_loss(tiny: Network, colours: ImageSet) -> None:
    labels = torch.tensor([0, 0, 0, 1])
    loss = training_loss(config(class_weights=ClassWeights.BALANCED), labels, 3)
    logits = torch.tensor([[2.0, 0.0, 0.0]] * 3 + [[0.0, 0.0, 0.0]])
    plain = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    assert loss(logits, labels).item() == pytest.approx((plain[0].item() + plain[3].item()) / 2)


def test_best_by_loss_is_the_lowest_loss(tiny: Network, colours: ImageSet) -> None:
    work = State(session(tiny, colours, config(epochs=8, monitor=Monitor.LOSS)))
    epochs = [event for event in train(work) if isinstance(event, Epoch)]
    assert work.best is not None
    assert work.best.val_loss == min(epoch.val_loss for epoch in epochs)


def test_patience_waits_for_the_last_phase(tiny: Network, colours: ImageSet) -> None:
    settings = config("two_phase", epochs=30, patience=1, head_lr=1e-1, backbone_lr=1e-1)
    numbers = [event.epoch for event in finetune(session(tiny, colours, settings)) if isinstance(event, Epoch)]
    assert numbers[-1] >= 16, "the second phase, from epoch 16 on, had its chance"
    assert numbers[-1] < 30


@pytest.mark.parametrize(("best", "waited"), [(1, 3), (7, 4), (9, 6)])
def test_patience_counts_from_the_first_epoch_of_the_last_phase_or_from_a_better_one(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch, best: int, waited: int
) -> None:
    """The second phase begins with epoch 7, that is after 6: three epochs may pass from there, or from the best."""
    epochs = iter(range(99))
    monkeypatch.setattr("tlviz.finetune.engine.score", lambda *_: Score(1.0, float(next(epochs) == best), 0.0))
    events = list(finetune(session(tiny, colours, config("two_phase", epochs=12, patience=3))))
    assert [event.epoch for event in events if isinstance(event, Unfrozen)] == [7]
    assert [event.epoch for event in events if isinstance(event, Epoch)][-1] == 6 + waited
    assert events[-1] == Stopped(StopReason.PATIENCE)


def test_a_step_is_taken_at_the_rate_in_the_middle_of_its_share_of_the_epoch(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[float] = []
    monkeypatch.setattr("tlviz.finetune.engine.schedule_factor", lambda _, at, *__: places.append(at) or 1.0)
    run(tiny, colours, config(epochs=2, batch_size=12))
    assert places == [0.125, 0.375, 0.625, 0.875, 1.125, 1.375, 1.625, 1.875], "four steps to an epoch of 48 images"
