"""The proofs: frozen is byte-identical, the rest moves, and the optimizer holds exactly what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Augment, BatchNorm, Optimizer, Schedule, Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch, Event, Started, Unfrozen
from tlviz.finetune.param_groups import group_table, is_decayed
from tlviz.finetune.plan import schedule_factor
from tlviz.finetune.session import Session
from tlviz.finetune.state import ESTIMATE_BATCH, State
from tlviz.finetune.strategies import STRATEGIES
from tlviz.models.load import Network
from tlviz.models.stages import owns

NORMS = ("stem.1.", "block1.1.", "block2.1.")

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
WITHOUT_GRADIENT = {"stem.0.bias", "block1.0.bias", "block2.0.bias"}
"""BatchNorm takes away what a bias before it adds: its gradient is 0 but for rounding."""


def state_of(network: Network, images: ImageSet, strategy: str, **chosen: object) -> State:
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "backbone_lr": 1e-2, "head_lr": 1e-1} | chosen
    config: FinetuneConfig = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    return State(Session(network, images, split, config, torch.device("cpu"), lambda: False))


def copied(state: State) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in state.module.state_dict().items()}


def moved(state: State, before: dict[str, Tensor]) -> set[str]:
    return {name for name, tensor in state.module.state_dict().items() if not torch.equal(tensor, before[name])}


def phases_of(state: State) -> Iterator[tuple[Started | Unfrozen, set[str]]]:
    """Train; yield each phase's first event and the names of the tensors that moved within the phase."""
    events: list[Event] = []
    before = copied(state)
    begun: Started | Unfrozen | None = None
    for event in train(state):
        events.append(event)
        if isinstance(event, Started | Unfrozen):
            if begun is not None:
                yield begun, moved(state, before)
            begun, before = event, copied(state)
            check_optimizer(state, event)
    assert begun is not None
    yield begun, moved(state, before)


def check_optimizer(state: State, event: Started | Unfrozen) -> None:
    """The optimizer holds exactly the trainable parameters, each once, at the rates that the event shows."""
    held = [p for group in state.optimizer.param_groups for p in group["params"]]
    assert len(held) == len({id(p) for p in held})
    assert {id(p) for p in held} == {id(p) for p in state.module.parameters() if p.requires_grad}
    assert event.groups == group_table(state.optimizer)
    assert event.trainable_parameters == sum(row.parameters for row in event.groups) == sum(p.numel() for p in held)
    assert event.trainable_parameters + event.frozen_parameters == sum(p.numel() for p in state.module.parameters())


def names_of(state: State, stage_names: list[str]) -> set[str]:
    chosen = [stage for stage in state.session.network.stages if stage.name in stage_names]
    return {name for name in state.module.state_dict() if any(owns(stage, name) for stage in chosen)}


@pytest.mark.parametrize("optimizer", Optimizer)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("freeze", [None, 0, 1, 2, 3])
def test_every_strategy_freezes_to_the_byte_and_trains_the_rest(
    tiny: Network, colours: ImageSet, strategy: str, freeze: int | None, optimizer: Optimizer
) -> None:
    state = state_of(tiny, colours, strategy, freeze=freeze, optimizer=optimizer, augment=Augment.LIGHT)
    ever_frozen: set[str] = set()
    for event, changed in phases_of(state):
        frozen = names_of(state, event.frozen)
        ever_frozen |= frozen
        assert not frozen & changed, "frozen tensors moved"
        still = {name for name in ever_frozen if name.endswith(STATISTICS)}
        assert not still & changed, "what trained behind them was used to these statistics"
        expected = set(state.module.state_dict()) - frozen - still
        if STRATEGIES[strategy].tune is Tune.NORMS:
            expected = {name for name in expected if name.startswith((*NORMS, "fc."))}
        assert changed <= expected
        assert expected - changed <= WITHOUT_GRADIENT, "the rest moved"


def test_the_phases_that_a_run_goes_through_are_those_of_its_plan(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "gradual", epochs=8)
    frozen = [event.frozen for event, _ in phases_of(state)]
    assert frozen == [["stem", "block1", "block2"], ["stem", "block1"], ["stem"], []]


def test_rates_are_lower_after_unfreezing_and_follow_the_plan(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "two_phase", layer_decay=0.5, head_lr=1e-1, backbone_lr=1e-2)
    first, second = [event for event, _ in phases_of(state)]
    assert {row.stage: row.lr for row in first.groups} == {"head": 1e-1}
    assert {row.stage: row.lr for row in second.groups} == pytest.approx(
        {"stem": 1.25e-3, "block1": 2.5e-3, "block2": 5e-3, "head": 5e-2}
    )


@pytest.mark.parametrize("optimizer", Optimizer)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_step_of_every_phase_is_taken_at_the_displayed_rates(
    tiny: Network, colours: ImageSet, strategy: str, optimizer: Optimizer
) -> None:
    """Read back parameter by parameter at each step: the rate last shown for its stage, times the schedule's factor."""
    state = state_of(tiny, colours, strategy, schedule=Schedule.COSINE, warmup=1.5, optimizer=optimizer)
    stages = state.session.network.stages
    owner = {id(p): s.name for s in stages for name, p in state.module.named_parameters() if owns(s, name)}
    shown: dict[str, float] = {}
    steps: list[int] = []
    factors = iter(schedule_factor(Schedule.COSINE, (step + 0.5) / 3, 6, 1.5) for step in range(18))

    def look(used: torch.optim.Optimizer, *_: object) -> None:
        factor = next(factors)
        for group in used.param_groups:
            for parameter in group["params"]:
                assert group["lr"] == pytest.approx(shown[owner[id(parameter)]] * factor, rel=1e-12)
        steps.append(len(used.param_groups))

    for event in train(state):
        if isinstance(event, Started | Unfrozen):
            shown = {row.stage: row.lr for row in event.groups}
            state.optimizer.register_step_pre_hook(look)
    assert len(steps) == 18


def test_weight_decay_is_for_matrices_and_kernels_only() -> None:
    shapes = {
        **{"conv.weight": (4, 3, 3, 3), "fc.weight": (5, 4), "depthwise.weight": (4, 1, 3, 3)},
        **{"norm.weight": (4,), "norm.bias": (4,), "block.layer_scale": (4, 1, 1), "conv.gain": (4, 1, 1, 1)},
        **{"attention.relative_position_bias_table": (9, 3), "attention_biases": (3, 4), "pos_embedding": (1, 5, 4)},
        "cls_token": (1, 1, 4),
    }
    decayed = {name for name, shape in shapes.items() if is_decayed(name, nn.Parameter(torch.zeros(shape)))}
    assert decayed == {"conv.weight", "fc.weight", "depthwise.weight"}


def test_every_step_uses_the_rates_that_its_epoch_tells(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", schedule=Schedule.COSINE, warmup=2, head_lr=0.1)
    rates = [event.rates["head"] for event in train(state) if isinstance(event, Epoch) and event.epoch]
    assert rates[0] < rates[1] < 0.1
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] < 0.01


def test_any_set_of_stages(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", frozen=("block1",))
    [(_, changed)] = phases_of(state)
    expected = set(state.module.state_dict()) - names_of(state, ["block1"])
    assert changed <= expected
    assert expected - changed <= WITHOUT_GRADIENT


def test_a_stage_can_be_frozen_again(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", unfreeze="3:stem+block1,5:0")
    frozen = [event.frozen for event, changed in phases_of(state) if not names_of(state, event.frozen) & changed]
    assert frozen == [[], ["stem", "block1"], []]


def test_moments_survive_an_unfreezing(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "two_phase")
    steps = []
    for event in train(state):
        if isinstance(event, Epoch) and event.epoch:
            steps.append(state.optimizer.state[tiny.module.get_parameter("fc.weight")]["step"].item())
    assert steps == [3, 6, 9, 12, 15, 18]


@pytest.mark.parametrize("choice", BatchNorm)
def test_what_batchnorm_layers_of_frozen_stages_do(tiny: Network, colours: ImageSet, choice: BatchNorm) -> None:
    state = state_of(tiny, colours, "head_only", batchnorm=choice)
    before = copied(state)
    [(_, in_training)] = phases_of(state)
    in_all = moved(state, before)
    head = {"fc.weight", "fc.bias"}
    statistics = {f"{n}{name}" for n in NORMS for name in ("running_mean", "running_var", "num_batches_tracked")}
    weights = {f"{n}{name}" for n in NORMS for name in ("weight", "bias")}
    assert (
        in_training - head
        == {
            BatchNorm.FROZEN: set(),
            BatchNorm.MOVE: statistics,
            BatchNorm.REESTIMATE: set(),
            BatchNorm.TRAIN: statistics | weights,
        }[choice]
    )
    assert in_all - head == (statistics if choice is BatchNorm.REESTIMATE else in_training - head)


@pytest.mark.parametrize("choice", [BatchNorm.FROZEN, BatchNorm.MOVE])
def test_unfreezing_alone_changes_no_answer(tiny: Network, colours: ImageSet, choice: BatchNorm) -> None:
    """Statistics that would now be each batch's own would undo what the head has learnt."""
    tiny.module.get_submodule("drop").p = 0.0
    state = state_of(tiny, colours, "two_phase", batchnorm=choice)
    next(event for event in train(state) if isinstance(event, Unfrozen))
    inputs = state.feed.plain(state.session.split.train[:8])
    with torch.no_grad():
        state.feed.eval_mode()
        validated = state.feed.logits(inputs)
        state.feed.train_mode()
        trained = state.feed.logits(inputs)
    assert torch.equal(validated, trained) is (choice is BatchNorm.FROZEN)


def test_reestimated_statistics_are_those_of_the_training_images(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "head_only", batchnorm=BatchNorm.REESTIMATE, batch_size=32)
    state.begin()
    with torch.no_grad():
        inputs = state.pictures.plain(state.session.split.train)
        first = tiny.module.get_submodule("stem.0")(inputs)
    norm = tiny.module.get_submodule("stem.1")
    assert torch.allclose(norm.get_buffer("running_mean"), first.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(norm.get_buffer("running_var"), first.var((0, 2, 3)), atol=1e-4)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.momentum == 0.1


@pytest.fixture
def sorted_classes(colours: ImageSet) -> ImageSet:
    """Return 400 pictures that lie class by class, as folders give them."""
    counts = (200, 100, 100)
    labels = np.repeat(np.arange(3), counts)
    rows = np.concatenate([np.resize(np.flatnonzero(colours.labels == at), count) for at, count in enumerate(counts)])
    names = tuple(map(str, range(400)))
    return replace(colours, pixels=colours.pixels[rows], labels=labels, parts=("",) * 400, names=names)


def test_statistics_of_classes_that_lie_in_order_are_those_of_all(tiny: Network, sorted_classes: ImageSet) -> None:
    state = state_of(tiny, sorted_classes, "head_only", batchnorm=BatchNorm.REESTIMATE)
    state.begin()
    with torch.no_grad():
        first = tiny.module.get_submodule("stem.0")(state.pictures.plain(state.session.split.train))
    assert len(first) > 4 * ESTIMATE_BATCH
    variance = tiny.module.get_submodule("stem.1").get_buffer("running_var")
    torch.testing.assert_close(variance, first.var((0, 2, 3)), rtol=0.05, atol=0)


def test_norms_that_a_library_wrote_itself_train(tiny: Network, colours: ImageSet) -> None:
    class RmsNorm(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(channels, 1, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.weight * x.square().mean(1, keepdim=True).add(1e-6).rsqrt()

    for path in ("stem.1", "block1.1", "block2.1"):
        channels = len(tiny.module.get_parameter(f"{path}.weight"))
        tiny.module.set_submodule(path, RmsNorm(channels))
    state = state_of(tiny, colours, "norm_only", epochs=1)
    list(train(state))
    trained = {name for name, parameter in state.module.named_parameters() if parameter.requires_grad}
    assert trained == {"stem.1.weight", "block1.1.weight", "block2.1.weight", "fc.weight", "fc.bias"}


def test_training_norms_of_a_network_without_any_is_refused(colours: ImageSet, tiny: Network) -> None:
    for path in ("stem.1", "block1.1", "block2.1"):
        tiny.module.set_submodule(path, nn.Identity())
    with pytest.raises(BadSettingError, match="no normalisation layers"):
        next(train(state_of(tiny, colours, "norm_only")))


def test_surgery_gives_the_stage_that_the_target_pulls_at_the_whole_rate(tiny: Network, colours: ImageSet) -> None:
    """A stage whose weights are ten times larger, with the same function, is pulled at a hundredth as much."""
    state = state_of(tiny, colours, "surgical", epochs=5)
    before = copied(state)
    state.enter(state.phases[-1])
    assert not moved(state, before)
    assert max(state.shares) == 1
    with torch.no_grad():
        tiny.module.get_parameter("block1.0.weight").mul_(10)
        tiny.module.get_parameter("block1.0.bias").mul_(10)
        tiny.module.get_buffer("block1.1.running_mean").mul_(10)
        tiny.module.get_buffer("block1.1.running_var").mul_(100)
    shares = state.shares
    state.enter(state.phases[-1])
    ratio = (state.shares[1] / state.shares[2]) / (shares[1] / shares[2])
    assert ratio == pytest.approx(0.01, rel=0.02)
    rates = {row.stage: row.lr for row in group_table(state.optimizer)}
    assert [rates[name] for name in ("stem", "block1", "block2")] == pytest.approx([1e-2 * s for s in state.shares])


def test_the_pull_to_the_start_keeps_weights_near_it(tiny: Network, colours: ImageSet) -> None:
    drift = []
    start = {name: tensor.clone() for name, tensor in tiny.module.state_dict().items()}
    for strength in (0.0, 20.0):
        tiny.module.load_state_dict(start)
        state = state_of(tiny, colours, "full", l2_sp=strength)
        drift.append([event for event in train(state) if isinstance(event, Epoch)][-1].weight_drift["block1"])
        decayed = {g["stage"] for g in state.optimizer.param_groups if g["weight_decay"]}
        assert decayed == ({"head"} if strength else {"stem", "block1", "block2", "head"})
    assert drift[1] < 0.5 * drift[0]


def test_averaged_weights_are_validated_and_live_ones_trained(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "full", ema=0.9, epochs=2)
    list(train(state))
    live = copied(state)
    with state.best_guess():
        average = copied(state)
        assert not torch.equal(average["fc.weight"], live["fc.weight"])
        assert torch.equal(average["stem.1.num_batches_tracked"], live["stem.1.num_batches_tracked"])
    assert not moved(state, live)


def test_drift_gradients_and_noise_are_told_for_what_trains(tiny: Network, colours: ImageSet) -> None:
    state = state_of(tiny, colours, "last_stages", freeze=2)
    start = copied(state)
    epochs = [event for event in train(state) if isinstance(event, Epoch)]
    last = epochs[-1]
    assert last.gradient_norms.keys() == last.rates.keys() == {"block2", "head"}
    assert last.weight_drift["stem"] == last.weight_drift["block1"] == 0
    change = size = 0.0
    for name in ("block2.0.weight", "block2.0.bias", "block2.1.weight", "block2.1.bias"):
        change += float(((state.module.get_parameter(name).detach() - start[name]) ** 2).sum())
        size += float((start[name] ** 2).sum())
    assert last.weight_drift["block2"] == pytest.approx(np.sqrt(change / size), rel=1e-4)
    assert any(epoch.noise_scale is not None and epoch.noise_scale > 0 for epoch in epochs[1:])
    assert last.memory_mb is not None
    assert 0 <= (last.val_macro_f1 or 0) <= 1
