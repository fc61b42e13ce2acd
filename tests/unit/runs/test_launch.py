"""How workers are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tlviz.runs.launch import WAITER, start_ingest, start_worker
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

pytestmark = pytest.mark.cold_workers


def test_a_worker_that_cannot_even_start_leaves_its_reason_in_the_log() -> None:
    run = create_run("download", "without-a-model", {})
    start_worker(run).wait(60)
    assert run.status() is Status.FAILED
    assert "KeyError" in (run.path / "log.txt").read_text(encoding="utf-8")
    assert "unexpected KeyError" in str(summarise(run).error)


def test_a_worker_imports_nothing_from_where_a_person_is_and_logs_every_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: started.append((command, how["env"])))
    start_ingest("clipart")
    ((command, environment),) = started
    assert command[1:6] == ["-I", "-S", "-X", "utf8", str(WAITER)]
    ticket = Path(command[8])
    assert ticket.read_text(encoding="utf-8") == command[6]
    assert environment["PYTHONUTF8"] == "1"
