"""Frozen means frozen: which parameters train, which modules stay in eval mode, and what a run may change."""

from __future__ import annotations

import pytest
from torch import nn

from tlviz.errors import BadSettingError
from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.finetune.freezing import moving_names, need_norms, set_trainable, train_mode, trainable_count
from tlviz.models.load import Network

HEAD = {"fc.weight", "fc.bias"}


def trained(network: Network) -> set[str]:
    return {name for name, parameter in network.module.named_parameters() if parameter.requires_grad}


def block(name: str) -> set[str]:
    return {f"{name}.{part}" for part in ("0.weight", "0.bias", "1.weight", "1.bias")}


def test_what_is_not_frozen_trains_and_the_head_always_does(tiny: Network) -> None:
    set_trainable(tiny.module, tiny.stages, {0, 1}, Tune.ALL, BatchNorm.FROZEN)
    assert trained(tiny) == block("block2") | HEAD
    set_trainable(tiny.module, tiny.stages, {1}, Tune.NORMS, BatchNorm.FROZEN)
    assert trained(tiny) == {"stem.1.weight", "stem.1.bias", "block2.1.weight", "block2.1.bias"} | HEAD
    set_trainable(tiny.module, tiny.stages, {0, 1, 2}, Tune.ALL, BatchNorm.TRAIN)
    assert (
        trained(tiny) == {f"{at}.1.{kind}" for at in ("stem", "block1", "block2") for kind in ("weight", "bias")} | HEAD
    )


def test_scalars_are_counted_by_whether_they_train(tiny: Network) -> None:
    """The head has 8 x 3 + 3; before it stand 4 x 27 + 4, 6 x 36 + 6 and 8 x 54 + 8 with two a channel to normalise."""
    set_trainable(tiny.module, tiny.stages, {0, 1, 2}, Tune.ALL, BatchNorm.FROZEN)
    assert trainable_count(tiny.module) == (27, 112 + 222 + 440 + 2 * (4 + 6 + 8))


@pytest.mark.parametrize(
    ("batchnorm", "unfrozen", "follow"),
    [
        (BatchNorm.FROZEN, (), {"block1", "block2"}),
        (BatchNorm.FROZEN, (1,), {"block2"}),
        (BatchNorm.REESTIMATE, (1,), {"block2"}),
        (BatchNorm.MOVE, (1,), {"stem", "block1", "block2"}),
        (BatchNorm.TRAIN, (), {"stem", "block1", "block2"}),
    ],
)
def test_statistics_follow_the_batches_only_where_they_may(
    tiny: Network, batchnorm: BatchNorm, unfrozen: tuple[int, ...], follow: set[str]
) -> None:
    train_mode(tiny.module, tiny.stages, {0}, batchnorm, unfrozen)
    assert {name for name in ("stem", "block1", "block2") if tiny.module.get_submodule(f"{name}.1").training} == follow
    assert not tiny.module.get_submodule("stem.0").training
    assert tiny.module.get_submodule("block1.0").training
    assert tiny.module.get_submodule("drop").training


def test_what_a_run_may_change_are_parameters_and_statistics_outside_what_is_always_frozen(tiny: Network) -> None:
    names = set(moving_names(tiny.module, tiny.stages, {0, 1}, Tune.ALL, BatchNorm.FROZEN))
    statistics = {f"block2.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert names == block("block2") | statistics | HEAD
    names = set(moving_names(tiny.module, tiny.stages, {0, 1, 2}, Tune.ALL, BatchNorm.MOVE))
    assert names >= {"stem.1.running_mean", "block1.1.running_var"}
    assert not any(".0." in name for name in names)


def test_without_norms_there_is_nothing_to_tune_so(tiny: Network) -> None:
    need_norms(tiny.module, tiny.stages)
    for name in ("stem.1", "block1.1", "block2.1"):
        tiny.module.set_submodule(name, nn.Identity())
    with pytest.raises(BadSettingError, match="no normalisation layers to train"):
        need_norms(tiny.module, tiny.stages)
