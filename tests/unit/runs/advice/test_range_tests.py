"""When a range test's curve is for the settings at hand."""

from __future__ import annotations

import pytest

from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages
from tlviz.runs.advice.range_tests import PROPORTION, other_settings


def config(strategy: str = "last_stages", **chosen: object) -> FinetuneConfig:
    return configure("squeezenet1_1", "clipart", strategy, **chosen)


@pytest.mark.parametrize(
    ("chosen", "differing"),
    [
        ({}, {}),
        ({"freeze": 6}, {}),  # the strategy's own depth, written out
        ({"epochs": 30, "patience": 9, "schedule": "cosine", "threads": 7}, {}),
        ({"head_lr": 2e-3, "backbone_lr": 2e-4}, {}),
        ({"head_lr": 1.2e-3, "backbone_lr": 1.24e-4}, {}),  # as written with two digits
        ({"head_lr": 2e-3}, {PROPORTION: (0.1, 0.05)}),
        ({"freeze": 5}, {"freeze": (6, 5)}),
        ({"batch_size": 8, "optimizer": "sgd"}, {"batch_size": (32, 8), "optimizer": ("adamw", "sgd")}),
        ({"strategy": "full"}, {"strategy": ("last_stages", "full"), "freeze": (6, 0)}),
    ],
)
def test_only_what_a_test_reads_makes_it_another(
    chosen: dict[str, object], differing: dict[str, tuple[object, object]]
) -> None:
    stages = architecture_stages(find_model("squeezenet1_1"), 7)
    assert other_settings(config(), config(**chosen), stages, with_backbone=True) == differing


def test_a_backbone_that_did_not_train_may_have_any_rate() -> None:
    stages = architecture_stages(find_model("squeezenet1_1"), 7)
    tested, present = config("head_only"), config("head_only", backbone_lr=1.0)
    assert other_settings(tested, present, stages, with_backbone=False) == {}
