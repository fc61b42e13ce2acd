"""Bars count to their end where they are wanted, and say nothing where they are not."""

from __future__ import annotations

import time

import pytest

from tlviz.api import bars
from tlviz.api.bars import counting, watch
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.json_lines import append_line, encode


def test_a_bar_that_is_not_wanted_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("Reading", False) as told:
        told(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_names_the_work_and_comes_to_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_AFTER_S", 0.0)
    with counting("Reading", True) as told:
        told(1, 4)
        time.sleep(0.01)
    printed = capsys.readouterr().err
    assert "Reading: " in printed
    assert "100%" in printed


def test_what_a_worker_does_stands_behind_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_AFTER_S", 0.0)
    run = create_run("doctor", "photos", {"data": "photos", "features": False, "device": "files"})
    append_line(run.path / "events.jsonl", encode({"event": "finished", "time": 1.0, "status": "finished"}))
    watch(run, "Checking", True, lambda: "epoch 3")
    assert "epoch 3" in capsys.readouterr().err
    watch(run, "Checking", False, lambda: "epoch 3")
    assert capsys.readouterr().err == ""
