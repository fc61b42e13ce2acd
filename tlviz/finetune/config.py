"""One fine-tuning run as plain, checked data: the fields are the table of settings."""
# ruff: noqa: RUF009 (a row of the table is a dataclass field)

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from tlviz.cores import usable_cores
from tlviz.data.images import Form
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.notes import remembered_reading
from tlviz.data.sources.reading import Layout, ReadAs
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
from tlviz.finetune.settings import (
    NETWORK_DECIDES,
    STRATEGY_DECIDES,
    Group,
    Setting,
    former_names,
    setting,
    settings_of,
)
from tlviz.finetune.strategies import FIRST_STRATEGY, find_strategy
from tlviz.modality import form_of
from tlviz.models.catalogue import BUNDLED, ENCODERS, find_model
from tlviz.models.spec import check_size


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """Everything that decides a run; each field is a row of the table of settings, see ``Setting``.

    A field without a default is filled by ``configure`` with what the strategy or the network says.
    """

    model: str = setting(
        positional=True, group=Group.RUN, place="elsewhere", in_race=True, first=next(iter(BUNDLED)), label="Network",
        help=f"Pretrained network: {', '.join((*BUNDLED, *ENCODERS))}, any name that models lists, or an exported "
        "safetensors file.",
    )  # fmt: skip
    data: str = setting(
        positional=True, group=Group.RUN, place="elsewhere", in_race=True, label="Target",
        help=f"Target: {', '.join(SHIPPED)}, a folder, an archive, a CSV file, or a public dataset.",
    )  # fmt: skip
    strategy: str = setting(
        positional=True, group=Group.RUN, place="elsewhere", in_link=True, in_race=True, sweep="head_only, full",
        first=FIRST_STRATEGY, label="Strategy", help="What is frozen when, at which rates; they are listed below.",
    )  # fmt: skip

    layout: Layout | None = setting(
        None, group=Group.TARGET, usual="as its folders look", place="nowhere", in_race=True, label="Folders are",
        help="What the folders of the target stand for: classes, parts with classes in them, leaves, where the "
        "innermost folders are the classes, or names, where the names of the files say the class.",
    )  # fmt: skip
    label_column: str | None = setting(
        None, group=Group.TARGET, usual="the likeliest", place="nowhere", in_race=True, label="Label column",
        help="Column of a table that holds the classes.",
    )  # fmt: skip
    path_column: str | None = setting(
        None, group=Group.TARGET, usual="the likeliest", place="nowhere", in_race=True, label="Path column",
        help="Column of a table that holds the paths of the pictures.",
    )  # fmt: skip
    split_column: str | None = setting(
        None, group=Group.TARGET, usual="the likeliest", place="nowhere", in_race=True, label="Split column",
        help="Column of a table that names training, validation and test rows; none ignores them all.",
    )  # fmt: skip
    class_pattern: str | None = setting(
        None, group=Group.TARGET, usual="what the names agree in", place="nowhere", in_race=True, label="Class pattern",
        help="Regular expression for the file names of a folder, whose first group is the class: ^(cat|dog).",
    )  # fmt: skip
    group_column: str | None = setting(
        None, group=Group.TARGET, usual="none", place="nowhere", in_race=True, label="Group column",
        help="Column of a table, such as a patient's, whose equal values stay in one part.",
    )  # fmt: skip
    group_pattern: str | None = setting(
        None, group=Group.TARGET, usual="none", place="nowhere", in_race=True, label="Group pattern",
        help="Regular expression for the file names of a folder; names with the same first group stay in one part.",
    )  # fmt: skip

    value_range: str | None = setting(
        None, group=Group.TARGET, usual="what the pictures of the target hold", place="nowhere", in_race=True,
        label="Value range",
        help="Lowest and highest value of pictures with over 8 bits, as in 0:4095; they become black and white.",
    )  # fmt: skip
    bands: str | None = setting(
        None, group=Group.TARGET, usual="the first three", place="nowhere", in_race=True, label="Bands",
        help="Bands of pictures with several that are red, green and blue, counted from 1, as in 4,3,2; one is grey.",
    )  # fmt: skip
    no_data: float | None = setting(
        None, group=Group.TARGET, usual="what the file says", place="nowhere", in_race=True, low=-sys.float_info.max,
        high=sys.float_info.max, label="No data",
        help="Value that stands for no data in pictures with over 8 bits, such as -9999; it becomes white.",
    )  # fmt: skip

    freeze: int | None = setting(
        group=Group.TRAINS, usual=STRATEGY_DECIDES, place="elsewhere", in_link=True, sweep="0, 3, 6, 9",
        label="Frozen stages", help="Number of frozen stages, counted from the stem; 0 trains everything.",
    )  # fmt: skip
    frozen: tuple[str, ...] | None = setting(
        None, group=Group.TRAINS, place="elsewhere", in_link=True, label="Frozen stages by name",
        help="Frozen stages by name, any set, instead of the first ones: stem,fire2.",
    )  # fmt: skip
    unfreeze: str | None = setting(
        None, group=Group.TRAINS, usual=STRATEGY_DECIDES, place="elsewhere", in_link=True, former=("thaw",),
        label="Unfreezing",
        help="Which stages are frozen from which epoch on: 4:3,7:0 freezes the first 3 from epoch 4 on and none from "
        "epoch 7 on; 6:stem+fire2 names them.",
    )  # fmt: skip
    tune: Tune = setting(
        Tune.ALL, group=Group.TRAINS, usual=STRATEGY_DECIDES, place="elsewhere", sweep="all, norms",
        label="Train of each stage",
        help="What trains in a stage that is not frozen: all of it, its normalisation layers only, or small added "
        "matrices (LoRA) where it has attention.",
    )  # fmt: skip
    lora_rank: int = setting(
        8, group=Group.TRAINS, low=1, high=256, step=1, label="LoRA rank",
        help="Columns of the matrices that LoRA adds.",
    )  # fmt: skip
    batchnorm: BatchNorm = setting(
        BatchNorm.FROZEN, group=Group.TRAINS, sweep="frozen, move, reestimate, train",
        label="BatchNorm of frozen stages",
        help="What the BatchNorm layers of frozen stages do: nothing; their statistics follow the batches (move), are "
        "measured once on the target (reestimate), or statistics and weights train.",
    )  # fmt: skip

    head_lr: float = setting(
        group=Group.RATES, usual=STRATEGY_DECIDES, place="elsewhere", in_link=True, low=1e-7, high=10,
        sweep="1e-4, 1e-3, 1e-2", label="Head rate", help="Learning rate of the new layers; usually about 1e-3.",
    )  # fmt: skip
    backbone_lr: float = setting(
        group=Group.RATES, usual=STRATEGY_DECIDES, place="elsewhere", in_link=True, low=1e-7, high=10,
        sweep="1e-5, 1e-4, 1e-3", label="Backbone rate",
        help="Learning rate of the pretrained layers, at its full height in the last backbone stage: usually 1e-5 to "
        "1e-4, so that they keep what they know.",
    )  # fmt: skip
    layer_decay: float = setting(
        group=Group.RATES, usual=STRATEGY_DECIDES, low=0.01, high=1, step=0.1, sweep="0.5, 0.7, 1", label="Layer decay",
        help="Each earlier stage's rate is the next one's times this factor.",
    )  # fmt: skip
    stage_rates: StageRates = setting(
        StageRates.DECAY, group=Group.RATES, usual=STRATEGY_DECIDES, in_link=True, sweep="decay, gradient",
        label="Rates of the stages",
        help="How the backbone rate is shared out: by layer decay alone, or besides in proportion to each stage's "
        "relative gradient.",
    )  # fmt: skip
    schedule: Schedule = setting(
        Schedule.CONSTANT, group=Group.RATES, in_range_test=False, sweep="constant, cosine, one_cycle",
        label="Schedule", help="How all rates change over the epochs.",
    )  # fmt: skip
    warmup: float = setting(
        0.0, group=Group.RATES, in_range_test=False, low=0, high=1000, step=0.5, sweep="0, 1, 2", label="Warm-up",
        help="Epochs in which the rates rise to their full height; one_cycle rises in its own way and ignores this.",
    )  # fmt: skip
    unfreeze_factor: float = setting(
        1.0, group=Group.RATES, usual=STRATEGY_DECIDES, in_range_test=False, former=("thaw_factor",), low=0.001, high=1,
        step=0.1, sweep="0.1, 0.5, 1", label="Rates after unfreezing",
        help="All rates are multiplied by this factor at every unfreezing.",
    )  # fmt: skip

    epochs: int = setting(
        10, group=Group.TRAINING, place="top", in_range_test=False, in_race=True, low=1, high=1000, step=1,
        label="Epochs", help="How many times the training images are gone through at most.",
    )  # fmt: skip
    batch_size: int = setting(
        32, group=Group.TRAINING, place="top", in_race=True, low=1, high=4096, step=8, sweep="8, 32, 128",
        label="Batch size", help="Training images in each batch.",
    )  # fmt: skip
    optimizer: Optimizer = setting(
        Optimizer.ADAMW, group=Group.TRAINING, place="top", sweep="adamw, sgd", label="Optimizer",
        help="The update rule: AdamW, or SGD with momentum 0.9.",
    )  # fmt: skip
    accumulate: int = setting(
        1, group=Group.TRAINING, low=1, high=1024, step=1, sweep="1, 2, 4", label="Batches per step",
        help="Batches per optimizer step (gradient accumulation): more of them make a larger batch in the same memory.",
    )  # fmt: skip
    patience: int = setting(
        5, group=Group.TRAINING, in_range_test=False, in_race=True, low=1, high=1000, step=1, sweep="2, 5, 10",
        label="Patience",
        help="Epochs without a better one after which a run ends; where stages unfreeze on the way, only epochs after "
        "the last unfreezing count.",
    )  # fmt: skip
    monitor: Monitor = setting(
        Monitor.ACCURACY, group=Group.TRAINING, in_range_test=False, sweep="accuracy, loss", label="Best by",
        help="Which validation number decides the best epoch.",
    )  # fmt: skip
    ema: float = setting(
        0.0, group=Group.TRAINING, in_range_test=False, low=0, high=0.99999, step=0.1, sweep="0, 0.9, 0.99",
        label="Averaged weights (EMA)", help="Decay of an average of the weights, such as 0.99; 0 is off.",
    )  # fmt: skip
    seed: int = setting(
        0, group=Group.TRAINING, low=0, high=2**31 - 1, step=1, label="Seed",
        help="Decides the split, the starting weights of the head and the order of the images.",
    )  # fmt: skip

    image_size: int = setting(
        group=Group.IMAGES, usual=NETWORK_DECIDES, place="elsewhere", in_race=True, low=64, high=1024,
        sweep="96, 128, 224", label="Image size", help="Side in pixels; smaller is faster.",
    )  # fmt: skip
    fit: Fit = setting(
        Fit.PAD, group=Group.IMAGES, label="Fit",
        help="How a picture becomes square: padded, so that nothing is cut off, or cropped as the weights expect.",
    )  # fmt: skip
    augment: Augment = setting(
        Augment.NONE, group=Group.IMAGES, in_race=True, sweep="none, light, strong", label="Augmentation",
        help="How much training pictures vary between epochs; the Target page shows examples.",
    )  # fmt: skip
    flip: Flip = setting(
        Flip.AUTO, group=Group.IMAGES, place="elsewhere", label="Mirror pictures",
        help="Whether augmentation mirrors pictures; auto does not mirror digits and letters.",
    )  # fmt: skip
    views: int = setting(
        4, group=Group.IMAGES, low=1, high=64, step=1, sweep="1, 4, 16", label="Views",
        help="Augmented views per image for frozen stages.",
    )  # fmt: skip
    labels_per_class: int | None = setting(
        None, group=Group.IMAGES, usual="all", place="elsewhere", low=1, high=10**6, sweep="5, 10, 20",
        label="Labels per class", help="Train with at most N labelled images of each class.",
    )  # fmt: skip
    test_share: float = setting(
        0.0, group=Group.IMAGES, place="elsewhere", low=0, high=0.5, label="Test share",
        help="Share of the images that is kept for the final evaluation only.",
    )  # fmt: skip
    folds: int | None = setting(
        None, group=Group.IMAGES, usual="off", place="nowhere", low=2, high=50, label="Folds",
        help="Cut the images into N folds, one of which validates.",
    )  # fmt: skip
    fold: int = setting(
        0, group=Group.IMAGES, place="nowhere", low=0, high=49, label="Fold",
        help="Which fold validates, counted from 0.",
    )  # fmt: skip

    dropout: float | None = setting(
        None, group=Group.REGULARISATION, usual=NETWORK_DECIDES, low=0, high=0.95, step=0.1, sweep="0, 0.5",
        label="Dropout", help="Share of the features that is dropped at random before the logits.",
    )  # fmt: skip
    weight_decay: float = setting(
        0.01, group=Group.REGULARISATION, low=0, high=1, step=0.01, sweep="0, 0.01, 0.1", label="Weight decay",
        help="Pulls weights towards zero at every step; biases and normalisation layers are left out.",
    )  # fmt: skip
    label_smoothing: float = setting(
        0.0, group=Group.REGULARISATION, low=0, high=0.9, step=0.05, sweep="0, 0.1", label="Label smoothing",
        help="Share of each label that is spread over all classes.",
    )  # fmt: skip
    mix: Mix = setting(
        Mix.NONE, group=Group.REGULARISATION, sweep="none, mixup, cutmix", label="Mix",
        help="Blend two training pictures and their labels (mixup), or paste a part of one into the other (cutmix).",
    )  # fmt: skip
    l2_sp: float = setting(
        0.0, group=Group.REGULARISATION, low=0, high=100, step=0.01, sweep="0, 0.01, 0.1",
        label="Pull to the start (L2-SP)", help="How strongly pretrained weights are pulled back to their start.",
    )  # fmt: skip
    class_weights: ClassWeights = setting(
        ClassWeights.EQUAL, group=Group.REGULARISATION, sweep="equal, balanced", label="Class weights",
        help="How much an image counts: all equally, or balanced, where images of a rare class count more.",
    )  # fmt: skip

    device: DeviceChoice = setting(
        DeviceChoice.AUTO, group=Group.MACHINE, in_race=True, label="Device",
        help="Where to compute: auto takes a GPU where there is one.",
    )  # fmt: skip
    threads: int = setting(
        2, group=Group.MACHINE, usual="all cores", of_machine=True, low=1, high=1024, step=1, label="Threads",
        help="CPU threads; by default one for each core that this process may use.",
    )  # fmt: skip
    cache_mb: int = setting(
        2048, group=Group.MACHINE, in_range_test=False, low=0, high=10**6, step=256, label="Cache, MB",
        help="Memory for cached outputs of frozen stages, in MB; 0 computes them at every step.",
    )  # fmt: skip
    gauges: bool = setting(
        True, group=Group.MACHINE, in_range_test=False, label="Measure what is left of the source",
        help="What is left of the source is measured at the start and at the best epoch, on bundled photographs; "
        "turning it off saves the time.",
    )  # fmt: skip
    deterministic: bool = setting(
        False, group=Group.MACHINE, label="Repeatable to the bit",
        help="On a GPU: the same run gives the same bits again, as far as torch can; slower.",
    )  # fmt: skip
    compile: bool = setting(
        False, group=Group.MACHINE, label="Compile the network",
        help="On a GPU: torch.compile, slow at the start and faster from then on.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Bring every value to its kind.  Raises ``BadSettingError`` or ``UnknownNameError`` for one that cannot be."""
        find_strategy(self.strategy)
        for row in settings_of(type(self)).values():
            object.__setattr__(self, row.name, row.take(getattr(self, row.name)))
        check_size(find_model(self.model), self.image_size)
        check_plan(self.split_plan)
        _ = self.depth

    @property
    def split_plan(self) -> SplitPlan:
        """How the images are parted where the target does not say."""
        return SplitPlan(self.test_share, self.folds, self.fold, self.labels_per_class)

    @property
    def read_as(self) -> ReadAs:
        """How the target is read."""
        return ReadAs(**{field.name: getattr(self, field.name) for field in fields(ReadAs)})

    @property
    def depth(self) -> Depth:
        """How pictures of over 8 bits or three bands become 8-bit colour."""
        return Depth.from_text(self.value_range, self.bands, self.no_data)

    @property
    def geometry(self) -> Form:
        """How the pictures become square: the run's own side and fit, the rest as the weights want it."""
        return form_of(find_model(self.model), self.image_size, self.fit, self.depth)

    def with_depth(self, depth: Depth) -> Self:
        """Return the settings with what was found in the target's deep pictures in the place of what was not said."""
        return self if depth == self.depth else replace(self, **depth.to_text())

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a configuration from ``to_json``, also one of an earlier version.

        Unknown keys are ignored, so that newer runs stay readable.  Raises ``BadSettingError`` where a setting is
        missing or out of range.
        """
        table = settings_of(cls)
        named = {former_names(table).get(name, name): value for name, value in values.items()}
        try:
            return cls(**{name: value for name, value in named.items() if name in table})
        except (TypeError, ValueError) as error:
            raise BadSettingError(f"The run's settings cannot be read: {error}.") from error


SETTINGS: Mapping[str, Setting] = settings_of(FinetuneConfig)
"""The table of settings, group by group."""


def configure(model: str, data: str, strategy: str, **chosen: Any) -> FinetuneConfig:
    """Fill what a person did not choose (None) from the strategy's and the network's own values.

    How the target is read is what the person decided about it before.  Raises ``UnknownNameError``,
    ``BadSettingError``, or ``StorageError`` where the notes on the target are damaged.
    """
    preset = find_strategy(strategy)
    defaults = {
        "freeze": None,
        "head_lr": preset.head_lr,
        "backbone_lr": preset.backbone_lr,
        "layer_decay": preset.layer_decay,
        "unfreeze_factor": preset.unfreeze_factor,
        "tune": preset.tune,
        "stage_rates": preset.stage_rates,
        "image_size": find_model(model).preprocessing.size,
        "threads": usable_cores(),
        **remembered_reading(data).decided(),
    }
    settings = {name: value for name, value in chosen.items() if value is not None}
    return FinetuneConfig(model, data, strategy, **(defaults | settings))
