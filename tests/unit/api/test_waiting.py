"""Waiting for a worker: it ends, it is interrupted, it fails."""

from __future__ import annotations

import pytest

from tlviz.api.waiting import RunFailedError, need_end, wait_for
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.json_lines import append_line, encode


def made_run() -> RunFolder:
    return create_run("doctor", "photos", {"data": "photos", "features": False, "device": "files"})


def tell(run: RunFolder, **event: object) -> None:
    append_line(run.path / "events.jsonl", encode({"event": "finished", "time": 1.0, **event}))


def test_an_interruption_asks_for_a_stop_and_goes_on_waiting() -> None:
    run, said, looks = made_run(), list[str](), 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise KeyboardInterrupt
        if looks == 3:
            tell(run, status="stopped")

    wait_for(run, look, lambda: said.append("stopping"), 0.0)
    assert said == ["stopping"]
    assert run.stop_requested()
    assert looks >= 4


def test_the_last_look_sees_the_end() -> None:
    run, seen = made_run(), list[bool]()
    tell(run, status="finished")
    wait_for(run, lambda: seen.append(run.status().is_over), lambda: None, 0.0)
    assert seen == [True]


def test_a_job_without_its_result_says_why() -> None:
    run = made_run()
    tell(run, status="failed", error="The disk is full.")
    with pytest.raises(RunFailedError, match="The disk is full"):
        need_end(run, "stopped")
    other = made_run()
    tell(other, status="stopped")
    with pytest.raises(RunFailedError, match="It was stopped"):
        need_end(other, "It was stopped.")
    whole = made_run()
    tell(whole, status="finished", images=3)
    assert need_end(whole, "")["images"] == 3
