"""Runs that are compared: each has a name of its own, and what is remembered of them is never old."""

from __future__ import annotations

import shutil
from dataclasses import replace

from tests.app.finished import finished_run
from tlviz.ui.before_after import _short, finished_runs


def test_runs_are_told_apart_by_as_little_as_needed() -> None:
    run = finished_run("head_only")
    ((_, summary),) = finished_runs("squeezenet1_1")
    assert _short(summary, [summary]) == "Head only"
    first = replace(summary, run="20260102-030405-head_only-aaaa")
    for name, told in (
        ("20260102-040405-head_only-bbbb", "Head only 03:04"),
        ("20260102-030406-head_only-bbbb", "Head only 03:04:05"),
        ("20260102-030405-head_only-bbbb", "Head only 20260102-030405-head_only-aaaa"),
    ):
        assert _short(first, [first, replace(summary, run=name)]) == told
    assert run.name == summary.run


def test_what_is_remembered_of_a_run_follows_its_folder() -> None:
    run = finished_run("head_only")
    assert [found.name for found, _ in finished_runs("squeezenet1_1")] == [run.name]
    assert finished_runs("tf_efficientnet_lite0") == []
    events = run.path / "events.jsonl"
    epoch, end = events.read_text(encoding="utf-8").splitlines()
    events.write_text("\n".join([epoch, epoch.replace('"epoch": 0', '"epoch": 1'), end, ""]), encoding="utf-8")
    ((_, summary),) = finished_runs("squeezenet1_1")
    assert summary.epochs_run == 1
    events.write_text(f"{epoch}\n", encoding="utf-8")
    assert finished_runs("squeezenet1_1") == [], "it is taken up again"
    events.write_text(f"{epoch}\n{end}\n", encoding="utf-8")
    shutil.rmtree(run.path)
    assert finished_runs("squeezenet1_1") == []
