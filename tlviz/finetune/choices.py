"""The choices of a run that are one of a few names."""

from __future__ import annotations

from enum import StrEnum


class Optimizer(StrEnum):
    """The update rules on offer: both allow a rate for each stage."""

    ADAMW = "adamw"
    SGD = "sgd"


class Augment(StrEnum):
    """How training pictures vary between epochs."""

    NONE = "none"
    LIGHT = "light"
    STRONG = "strong"


class DeviceChoice(StrEnum):
    """Where to train; ``auto`` takes a GPU where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Tune(StrEnum):
    """What of a stage that is not frozen trains; the head always trains whole."""

    ALL = "all"
    NORMS = "norms"
    LORA = "lora"


class BatchNorm(StrEnum):
    """What happens to the BatchNorm layers of a frozen stage."""

    FROZEN = "frozen"
    """Nothing: statistics and weights stay to the byte; once a stage is unfrozen, its weights train."""
    MOVE = "move"
    """Their statistics follow the target's batches; the weights stay."""
    REESTIMATE = "reestimate"
    """Their statistics are measured once on the training images before training, and then stay."""
    TRAIN = "train"
    """Their statistics move and their weights train."""


class StageRates(StrEnum):
    """How the backbone rate is shared out among the stages."""

    DECAY = "decay"
    """Each earlier stage's rate is the next one's times ``layer_decay``."""
    GRADIENT = "gradient"
    """In proportion to each stage's relative gradient norm (Lee et al. 2022)."""


class Schedule(StrEnum):
    """How all rates change together over the epochs."""

    CONSTANT = "constant"
    COSINE = "cosine"
    ONE_CYCLE = "one_cycle"


class Monitor(StrEnum):
    """Which validation number decides the best epoch and early stopping."""

    ACCURACY = "accuracy"
    LOSS = "loss"


class ClassWeights(StrEnum):
    """How much an image of each class counts in the training loss."""

    EQUAL = "equal"
    BALANCED = "balanced"
    """In inverse proportion to the class's number of training images."""
