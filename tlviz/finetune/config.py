"""One fine-tuning run as plain, checked data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from tlviz.cores import usable_cores
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.training.flips import Flip
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import SplitPlan, check_plan
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import (
    Augment,
    BatchNorm,
    ClassWeights,
    DeviceChoice,
    Monitor,
    Optimizer,
    Schedule,
    StageRates,
    Tune,
)
from tlviz.finetune.strategies import find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.spec import check_size


@dataclass(frozen=True, slots=True)
class Range:
    """The allowed values of a number, both ends included."""

    low: float
    high: float


RANGES: dict[str, Range] = {
    "head_lr": Range(1e-7, 10),
    "backbone_lr": Range(1e-7, 10),
    "layer_decay": Range(0.01, 1),
    "thaw_factor": Range(0.001, 1),
    "warmup": Range(0, 1000),
    "epochs": Range(1, 1000),
    "batch_size": Range(1, 4096),
    "accumulate": Range(1, 1024),
    "patience": Range(1, 1000),
    "dropout": Range(0, 0.95),
    "weight_decay": Range(0, 1),
    "l2_sp": Range(0, 100),
    "label_smoothing": Range(0, 0.9),
    "ema": Range(0, 0.99999),
    "lora_rank": Range(1, 256),
    "views": Range(1, 64),
    "cache_mb": Range(0, 10**6),
    "image_size": Range(64, 1024),
    "test_share": Range(0, 0.5),
    "folds": Range(2, 50),
    "fold": Range(0, 49),
    "labels_per_class": Range(1, 10**6),
    "seed": Range(0, 2**31 - 1),
    "threads": Range(1, 1024),
}

_CHOICES: dict[str, type[StrEnum]] = {
    "fit": Fit,
    "flip": Flip,
    "mix": Mix,
    "optimizer": Optimizer,
    "augment": Augment,
    "device": DeviceChoice,
    "tune": Tune,
    "batchnorm": BatchNorm,
    "stage_rates": StageRates,
    "schedule": Schedule,
    "monitor": Monitor,
    "class_weights": ClassWeights,
}


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """Everything that decides a run.

    *Freeze plan.*  ``freeze`` counts the stages from the stem that stay frozen to the end, None is the strategy's own;
    ``frozen`` names them instead, any set; ``thaw`` says what is frozen from which epoch on, such as ``4:3,7:0`` or
    ``6:stem+fire2``, None is the strategy's own.
    *Rates.*  ``thaw_factor`` multiplies all rates at every unfreezing; ``warmup`` counts epochs.
    *Images.*  ``image_size`` is a side in pixels; ``test_share`` and ``folds`` part the images where the target does
    not, ``fold`` counts from 0; ``labels_per_class`` thins the training images, None keeps all; ``flip`` overrides what
    the target's names suggest; ``views`` is how many fixed versions of each picture frozen stages see under
    augmentation; ``cache_mb`` is the memory for their outputs, 0 computes them at every step.
    *The rest.*  ``accumulate`` batches make one update; ``dropout`` None keeps the architecture's own; ``l2_sp`` pulls
    pretrained weights back to their start; ``ema`` is the decay of averaged weights, 0 is off; ``patience`` is the
    number of epochs without a better one after which the run ends.
    """

    model: str
    data: str
    strategy: str
    freeze: int | None
    head_lr: float
    backbone_lr: float
    layer_decay: float
    image_size: int
    fit: Fit = Fit.PAD
    optimizer: Optimizer = Optimizer.ADAMW
    batch_size: int = 32
    epochs: int = 10
    patience: int = 5
    dropout: float | None = None
    weight_decay: float = 0.01
    augment: Augment = Augment.NONE
    seed: int = 0
    device: DeviceChoice = DeviceChoice.AUTO
    threads: int = 2
    frozen: tuple[str, ...] | None = None
    thaw: str | None = None
    thaw_factor: float = 1.0
    tune: Tune = Tune.ALL
    lora_rank: int = 8
    batchnorm: BatchNorm = BatchNorm.FROZEN
    stage_rates: StageRates = StageRates.DECAY
    schedule: Schedule = Schedule.CONSTANT
    warmup: float = 0.0
    monitor: Monitor = Monitor.ACCURACY
    class_weights: ClassWeights = ClassWeights.EQUAL
    label_smoothing: float = 0.0
    mix: Mix = Mix.NONE
    l2_sp: float = 0.0
    ema: float = 0.0
    accumulate: int = 1
    views: int = 4
    cache_mb: int = 2048
    gauges: bool = True
    deterministic: bool = False
    compile: bool = False
    test_share: float = 0.0
    folds: int | None = None
    fold: int = 0
    labels_per_class: int | None = None
    flip: Flip = Flip.AUTO

    def __post_init__(self) -> None:
        find_strategy(self.strategy)
        for name, allowed in RANGES.items():
            check_range(name, getattr(self, name), allowed)
        check_size(find_model(self.model), self.image_size)
        check_plan(self.split_plan)

    @property
    def split_plan(self) -> SplitPlan:
        """How the images are parted where the target does not say."""
        return SplitPlan(self.test_share, self.folds, self.fold, self.labels_per_class)

    @property
    def geometry(self) -> Geometry:
        """How the pictures become square: the run's own side and fit, the rest as the weights want it."""
        return Geometry.of(find_model(self.model).preprocessing, self.image_size, self.fit)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a configuration from ``to_json``; unknown keys are ignored, so that newer runs stay readable.

        Raises ``BadSettingError`` where a setting is missing or out of range.
        """
        known = {field.name for field in fields(cls)}
        settings = {name: value for name, value in values.items() if name in known}
        try:
            settings |= {name: kind(settings[name]) for name, kind in _CHOICES.items() if name in settings}
            if settings.get("frozen") is not None:
                settings["frozen"] = tuple(settings["frozen"])
            return cls(**settings)
        except (TypeError, ValueError) as error:
            raise BadSettingError(f"The run's settings cannot be read: {error}.") from error


def check_range(name: str, value: float | None, allowed: Range) -> None:
    """Raise ``BadSettingError`` unless a number lies in its range; None is let through."""
    if value is None:
        return
    if not math.isfinite(value) or not allowed.low <= value <= allowed.high:
        raise BadSettingError(
            f"{name.replace('_', ' ').replace(' lr', ' learning rate')} is {value:g}; "
            f"it must be between {allowed.low:g} and {allowed.high:,.10g}."
        )


def configure(model: str, data: str, strategy: str, **chosen: Any) -> FinetuneConfig:
    """Fill what a person did not choose (None) from the strategy's and the network's own values.

    Raises ``UnknownNameError`` or ``BadSettingError``.
    """
    preset = find_strategy(strategy)
    defaults = {
        "freeze": None,
        "head_lr": preset.head_lr,
        "backbone_lr": preset.backbone_lr,
        "layer_decay": preset.layer_decay,
        "thaw_factor": preset.thaw_factor,
        "tune": preset.tune,
        "stage_rates": preset.stage_rates,
        "image_size": find_model(model).preprocessing.size,
        "threads": usable_cores(),
    }
    settings = {name: value for name, value in chosen.items() if value is not None}
    return FinetuneConfig(model, data, strategy, **(defaults | settings))
