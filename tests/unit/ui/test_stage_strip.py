"""The strip draws widths by compute and heights by channels, and says what a freeze depth means."""

from __future__ import annotations

import pytest

from tlviz.models.spec import Stage
from tlviz.ui.stage_strip import describe_freeze, describe_stage, strip_data

STAGES = [
    Stage("stem", ("a",), 1_000, 16, 2, 0.1),
    Stage("mid", ("b",), 20_000, 64, 8, 0.6),
    Stage("late", ("c",), 300_000, 256, 32, 0.2),
    Stage("head", ("d",), 4_000, 10, 224, 0.1),
]


def test_blocks_grow_with_compute_and_channels() -> None:
    blocks = strip_data(STAGES, "mid", 2, can_select=True, can_freeze=True)["blocks"]
    assert [block["name"] for block in blocks] == ["stem", "mid", "late", "head"]
    assert max(blocks, key=lambda block: block["width"])["name"] == "mid"
    assert blocks[0]["height"] < blocks[1]["height"] < blocks[2]["height"]
    assert [block["selected"] for block in blocks] == [False, True, False, False]


@pytest.mark.parametrize(("asked", "drawn"), [(None, None), (-1, 0), (2, 2), (9, 3)])
def test_the_head_is_never_frozen(asked: int | None, drawn: int | None) -> None:
    assert strip_data(STAGES, None, asked, can_select=False, can_freeze=True)["freeze"] == drawn


def test_words() -> None:
    assert describe_stage(STAGES[1]) == (
        "mid: 20,000 parameters, 64 channels, one output pixel spans 8 input pixels a side, 60% of the compute"
    )
    assert describe_freeze(STAGES, 0) == "Nothing is frozen: every stage is trained."
    assert describe_freeze(STAGES, 1) == "Frozen: stem. Trained: mid to the head (320,000 backbone parameters)."
    assert describe_freeze(STAGES, 2).startswith("Frozen: stem to mid. Trained: late to the head")
    assert "Only the new head" in describe_freeze(STAGES, 3)
