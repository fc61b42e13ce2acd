"""A run's state under clocks that jump."""

from __future__ import annotations

import json
import time
from typing import Any

from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


def make(*events: dict[str, Any], status: str | None = "finished") -> RunFolder:
    run = create_run("finetune", "test", SETTINGS)
    lines = [EPOCH, *events, *([{"event": "finished", "status": status, "duration_s": 2.0}] if status else [])]
    text = "".join(json.dumps({"time": 1.0} | line) + "\n" for line in lines)
    (run.path / "events.jsonl").write_text(text, encoding="utf-8")
    return run


def resumed_run() -> RunFolder:
    run = make(status="stopped")
    run.request_resume()
    return run


def end(run: RunFolder, moment: float) -> None:
    with (run.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": "finished", "time": moment, "status": "finished"}) + "\n")


def test_a_clock_that_jumps_back_does_not_hide_the_end_of_a_resumed_run() -> None:
    run = resumed_run()
    assert run.status() is Status.QUEUED
    end(run, time.time() - 86_400)
    assert run.status() is Status.FINISHED


def test_a_worker_after_a_resume_is_seen_though_its_clock_is_behind() -> None:
    run = make(status="stopped")
    dead = Heartbeat("h", 1, 1.0, time.time(), "running")
    (run.path / "heartbeat").write_bytes(encode(dead))
    run.request_resume()
    assert run.status() is Status.QUEUED, "the worker before does not count"
    assert run.heartbeat() is not None
    assert run.present_beat() is None, "and what it did is not shown"
    beat = Heartbeat.of_this_process()
    late = encode(beat).replace(repr(beat.time).encode(), b"5.0")
    (run.path / "heartbeat").write_bytes(late)
    assert run.status() is Status(beat.state)
    assert run.present_beat() == run.heartbeat()


def test_a_run_made_under_a_clock_far_ahead_is_not_queued_for_ever() -> None:
    run = create_run("finetune", "x", {})
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(config | {"created": time.time() + 10**6}))
    assert run.status() is Status.FAILED
