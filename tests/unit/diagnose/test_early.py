"""What a job tells of stages before its end is read back, and what is damaged is passed over."""

from __future__ import annotations

from dataclasses import asdict

from tlviz.diagnose.early import EVENT, EarlyStage, early_stages


def test_the_latest_of_each_stage_in_their_order() -> None:
    told = [
        EarlyStage("stem", 0.5, 0.1, 0.25),
        EarlyStage("body", 0.7, 0.1, 0.25),
        EarlyStage("stem", 0.5, 0.1, 0.25, 0.4),
    ]
    events = [{"event": EVENT} | asdict(stage) for stage in told]
    assert early_stages(events) == [told[2], told[1]]
    assert early_stages([{"event": "finished"}, {"event": EVENT, "name": "stem", "probe": "x"}, {"event": EVENT}]) == []
