"""Settings are checked, strategies resolve, and the optimizer holds what the table shows."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from tlviz.data.flips import Flip
from tlviz.data.splits import SplitPlan
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.config import FinetuneConfig, Optimizer, configure, resolve_freeze
from tlviz.finetune.param_groups import build_optimizer, freeze_stages, group_table, stage_rates
from tlviz.finetune.strategies import STRATEGIES, default_freeze
from tlviz.models.load import Network
from tlviz.models.spec import Stage


def config(**chosen: object) -> FinetuneConfig:
    return configure("squeezenet1_1", "clipart", str(chosen.pop("strategy", "full")), **chosen)


def stages(*shares: float) -> list[Stage]:
    return [Stage(f"s{at}", (f"m{at}",), 10, 8, 2, share) for at, share in enumerate(shares)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("head_lr", 0.0),
        ("head_lr", -1.0),
        ("backbone_lr", 1e6),
        ("backbone_lr", math.nan),
        ("epochs", 0),
        ("batch_size", 0),
        ("dropout", 1.0),
        ("image_size", 8),
        ("seed", -1),
        ("layer_decay", 0.0),
    ],
)
def test_values_out_of_range_are_named_with_their_range(setting: str, value: float) -> None:
    with pytest.raises(BadSettingError, match=r"is .*; it must be between .* and"):
        config(**{setting: value})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="no strategy called 'halves'"):
        config(strategy="halves")
    with pytest.raises(UnknownNameError, match="no network called 'resnet'"):
        configure("resnet", "clipart", "full")


def test_a_configuration_survives_json() -> None:
    settings = config(strategy="discriminative", dropout=0.3, optimizer=Optimizer.SGD)
    again = FinetuneConfig.from_json(json.loads(json.dumps(settings.to_json())) | {"from_the_future": 1})
    assert again == settings
    assert isinstance(again.optimizer, Optimizer)
    with pytest.raises(BadSettingError, match="cannot be read"):
        FinetuneConfig.from_json({"model": "squeezenet1_1"})


def test_default_depths() -> None:
    parts = stages(0.3, 0.3, 0.15, 0.2, 0.05)
    assert {name: default_freeze(STRATEGIES[name], parts) for name in STRATEGIES} == {
        "head_only": 4,
        "last_stages": 3,
        "discriminative": 0,
        "full": 0,
        "from_scratch": 0,
    }
    assert default_freeze(STRATEGIES["last_stages"], stages(0.2, 0.2, 0.6)) == 1, "the last backbone stage is tuned"
    assert resolve_freeze(config(freeze=2), parts) == 2


def test_rates_fall_by_the_decay_from_stage_to_stage() -> None:
    settings = config(head_lr=1e-2, backbone_lr=1e-3, layer_decay=0.5)
    assert stage_rates(settings, 5, freeze=1) == pytest.approx([0, 2.5e-4, 5e-4, 1e-3, 1e-2])


@pytest.mark.parametrize("optimizer", Optimizer)
def test_the_optimizer_holds_exactly_what_trains(tiny: Network, optimizer: Optimizer) -> None:
    settings = config(optimizer=optimizer, weight_decay=0.1, layer_decay=0.5)
    freeze_stages(tiny.module, tiny.stages, 1)
    built = build_optimizer(tiny.module, tiny.stages, settings, 1)
    held = {id(p) for group in built.param_groups for p in group["params"]}
    assert held == {id(p) for p in tiny.module.parameters() if p.requires_grad}
    table = group_table(built)
    assert [row.stage for row in table] == ["block1", "block1", "block2", "block2", "head", "head"]
    assert sum(row.parameters for row in table) == sum(stage.parameters for stage in tiny.stages[1:])
    assert {row.stage: row.lr for row in table} == pytest.approx({"block1": 5e-5, "block2": 1e-4, "head": 1e-3})
    decayed = [p for group in built.param_groups if group["weight_decay"] for p in group["params"]]
    assert all(p.ndim > 1 for p in decayed)
    assert len(decayed) == 3
    assert isinstance(built, torch.optim.SGD if optimizer is Optimizer.SGD else torch.optim.AdamW)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"test_share": 0.6}, "test share is 0.6; it must be between 0 and 0.5"),
        ({"folds": 1}, "folds is 1; it must be between 2 and 50"),
        ({"folds": 3, "fold": 3}, "fold is 3; with 3 folds it must be between 0 and 2"),
        ({"fold": 1}, "fold is 1, but folds is not set"),
        ({"labels_per_class": 0}, "labels per class is 0"),
    ],
)
def test_how_images_are_parted_is_checked(chosen: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSettingError, match=words):
        configure("squeezenet1_1", "photos", "full", **chosen)


def test_how_images_are_parted_survives_json_and_older_runs_have_the_defaults() -> None:
    chosen = {"test_share": 0.2, "folds": 5, "fold": 4, "labels_per_class": 10, "flip": "no"}
    config = FinetuneConfig.from_json(configure("squeezenet1_1", "photos", "full").to_json() | chosen)
    assert FinetuneConfig.from_json(config.to_json()) == config
    assert config.split_plan == SplitPlan(0.2, 5, 4, 10)
    assert not config.flip.allows(suggested=True)
    old = {name: value for name, value in config.to_json().items() if name not in chosen}
    assert FinetuneConfig.from_json(old).split_plan == SplitPlan()
    assert FinetuneConfig.from_json(old).flip is Flip.AUTO
