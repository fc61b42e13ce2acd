"""The freeze plan in a line says what the run will do."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.finetune.config import configure
from tlviz.models.spec import Stage
from tlviz.ui.finetune.plan_words import plan_in_words

STAGES = tuple(
    Stage(name, (name,), 49_440, 64, 4, share)
    for name, share in (("stem", 0.2), ("fire2", 0.3), ("fire3", 0.4), ("classifier", 0.1))
)


def words(strategy: str = "full", **chosen: Any) -> str:
    return plan_in_words(configure("squeezenet1_1", "photos", strategy, **chosen), STAGES)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"freeze": 0}, "Nothing is frozen: every stage is trained."),
        ({"freeze": 1}, "Frozen: stem. Trained: fire2 to the head (98,880 backbone parameters)."),
        ({"freeze": 2}, "Frozen: stem to fire2. Trained: fire3 to the head (49,440 backbone parameters)."),
        ({"freeze": 3}, "Frozen: the whole backbone. Only the new head is trained."),
        ({"frozen": ("fire2",)}, "Frozen: fire2. Trained: stem, fire3 to the head (98,880 backbone parameters)."),
        ({"frozen": ("fire3", "stem")}, "Frozen: stem, fire3. Trained: fire2, the head (49,440 backbone parameters)."),
    ],
)
def test_one_phase(chosen: dict[str, Any], told: str) -> None:
    assert words(**chosen) == told


@pytest.mark.parametrize(
    ("strategy", "chosen", "told"),
    [
        (
            "norm_only",
            {},
            "Nothing is frozen: every stage is trained; of these only the normalisation layers and the head.",
        ),
        (
            "full",
            {"tune": "lora", "freeze": 2},
            "Frozen: stem to fire2. Trained: fire3 to the head; of these only the LoRA matrices and the head.",
        ),
        ("head_only", {"tune": "lora"}, "Frozen: the whole backbone. Only the new head is trained."),
        (
            "two_phase",
            {"tune": "norms"},
            "From epoch 1 the head alone; from epoch 6 everything at 0.5 times the rates; of these only the "
            "normalisation layers and the head.",
        ),
    ],
)
def test_what_of_the_stages_trains(strategy: str, chosen: dict[str, Any], told: str) -> None:
    assert words(strategy, **chosen) == told


def test_phases_have_the_factor_and_the_schedule_of_the_run() -> None:
    assert words("two_phase", unfreeze_factor=0.1) == (
        "From epoch 1 the head alone; from epoch 6 everything at 0.1 times the rates."
    )
    assert words("full", freeze=0, unfreeze="4:stem+fire3,7:1") == (
        "From epoch 1 everything; from epoch 4 all but stem, fire3; from epoch 7 the last 3 stages."
    )


def test_what_batchnorm_of_frozen_stages_does() -> None:
    assert words(freeze=3, batchnorm="move").endswith("In BatchNorm layers of frozen stages the statistics move.")
    assert "BatchNorm" not in words(freeze=0, batchnorm="move")
