"""Session keys; those of bound widgets are also the names in the address bar."""

from __future__ import annotations

from enum import StrEnum


class Key(StrEnum):
    """Every key of ``st.session_state`` that more than one place knows."""

    FRAMED = "framed"
    TROUBLE = "trouble"
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
    UPLOAD = "upload"
    ORDER = "order"
    RUN = "run"
    RACE = "race"
    STRATEGY = "strategy"
    FREEZE = "freeze"
    HEAD_LR = "head_lr"
    BACKBONE_LR = "backbone_lr"
    EPOCHS = "epochs"
    BATCH_SIZE = "batch_size"
    OPTIMIZER = "optimizer"
