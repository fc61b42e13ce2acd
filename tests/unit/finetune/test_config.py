"""Settings are checked, and survive being written down."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tlviz.data.training.flips import Flip
from tlviz.data.training.splits import SplitPlan
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.choices import BatchNorm, Monitor, Optimizer, Schedule, StageRates, Tune
from tlviz.finetune.config import FinetuneConfig, configure


def config(**chosen: object) -> FinetuneConfig:
    return configure("squeezenet1_1", "clipart", str(chosen.pop("strategy", "full")), **chosen)


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
        ("unfreeze_factor", 0.0),
        ("label_smoothing", 1.0),
        ("ema", 1.0),
        ("accumulate", 0),
        ("lora_rank", 0),
        ("views", 0),
        ("cache_mb", -1),
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
    settings = config(
        strategy="gradual",
        dropout=0.3,
        optimizer=Optimizer.SGD,
        frozen=("stem", "fire2"),
        unfreeze="3:0",
        tune=Tune.NORMS,
        batchnorm=BatchNorm.MOVE,
        stage_rates=StageRates.GRADIENT,
        schedule=Schedule.COSINE,
        monitor=Monitor.LOSS,
    )
    again = FinetuneConfig.from_json(json.loads(json.dumps(settings.to_json())) | {"from_the_future": 1})
    assert again == settings
    assert isinstance(again.optimizer, Optimizer)
    assert isinstance(again.batchnorm, BatchNorm)
    with pytest.raises(BadSettingError, match="cannot be read"):
        FinetuneConfig.from_json({"model": "squeezenet1_1"})


def test_a_run_of_the_first_version_is_still_readable() -> None:
    """What a run folder held before there were schedules, views and gauges."""
    old = {
        "model": "squeezenet1_1", "data": "clipart", "strategy": "last_stages", "freeze": 6, "head_lr": 0.001,
        "backbone_lr": 0.0001, "layer_decay": 1.0, "image_size": 128, "fit": "pad", "optimizer": "adamw",
        "batch_size": 32, "epochs": 10, "patience": 5, "dropout": None, "weight_decay": 0.01, "augment": "none",
        "seed": 0, "device": "auto", "threads": 2,
    }  # fmt: skip
    settings = FinetuneConfig.from_json(old)
    assert (settings.unfreeze, settings.unfreeze_factor, settings.schedule) == (None, 1.0, Schedule.CONSTANT)
    assert old.items() <= settings.to_json().items()


def test_a_strategy_fills_in_its_rates_and_a_person_overrides_them() -> None:
    assert config(strategy="two_phase").unfreeze_factor == 0.5
    assert config(strategy="two_phase", unfreeze_factor=0.1).unfreeze_factor == 0.1
    assert config(strategy="surgical").stage_rates is StageRates.GRADIENT
    assert config(strategy="norm_only").tune is Tune.NORMS
    assert config(strategy="from_scratch").backbone_lr == 1e-3


def test_a_run_takes_as_many_threads_as_the_process_has_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {1, 4, 5}, raising=False)
    assert config().threads == 3
    assert config(threads=7).threads == 7


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
