"""Session keys; those of bound widgets are also the names in the address bar."""

from __future__ import annotations

import hashlib
from enum import StrEnum, unique


@unique
class Key(StrEnum):
    """Every key of ``st.session_state`` that more than one module knows."""

    FRAMED = "framed"
    PAGE = "page"
    MOVED = "moved"
    TROUBLE = "trouble"
    DELETED = "just_deleted"
    SOURCE = "source"
    MODELS = "models"
    BLOCKS = "blocks"
    TARGET = "target"
    FOLDER = "folder"
    ARRIVED = "arrived"
    VIEW = "view"
    TEST_SHARE = "test_share"
    LABELS = "labels_per_class"
    FLIP = "flip"
    STAGE = "stage"
    PICTURE = "picture"
    CHANNEL = "channel"
    CHANNEL_VIEW = "channels_view"
    OBJECTIVE = "objective"
    ATLAS = "atlas"
    UPLOAD = "upload"
    HANDED = "handed"
    ORDER = "order"
    LOOK = "look"
    LAYER = "layer"
    NUMBERS = "numbers"
    SHARED = "shared"
    OVERLAY = "overlay"
    SECOND = "second"
    SECOND_UPLOAD = "second_upload"
    AT_X = "x"
    AT_Y = "y"
    RUNS = "runs"
    SHOW = "show"
    METHOD = "method"
    WHERE = "where"
    CLASS = "class"
    CONTRAST = "contrast"
    RUN_CLASS = "run_class"
    BASELINE = "baseline"
    VALUES = "values"
    STRENGTH = "strength"
    PERCENTILE = "percentile"
    TRUSTED = "trusted"
    RUN = "run"
    COMPARED = "compare"
    COMPARE_VIEW = "compared"
    IMAGE = "image"
    RACE = "race"
    STRATEGY = "strategy"
    FREEZE = "freeze"
    FROZEN = "frozen"
    UNFREEZE = "unfreeze"
    STAGE_RATES = "stage_rates"
    CARRIED = "carried"
    HEAD_LR = "head_lr"
    BACKBONE_LR = "backbone_lr"
    EPOCHS = "epochs"
    BATCH_SIZE = "batch_size"
    OPTIMIZER = "optimizer"
    BESIDE = "beside"
    AXIS = "axis"
    WITH_TARGETS = "with_targets"
    WITH_NETWORKS = "with_networks"
    MEASURE = "measure"
    AGAINST = "against"
    SAMPLE = "images"


def key_of(what: str, *about: object) -> str:
    """Return the key of a component for one of several things: a run, a network, a picture.

    Names are hashed: Streamlit refuses some (two underscores in the key of a component), and any name may come.
    """
    said = "\0".join(str(part) for part in about)
    return f"{what}_{hashlib.blake2b(said.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"
