from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tlviz.runs.launchers import task
from tlviz.runs.launchers.task import ATTEMPTS, ScheduledWorker, take_up
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.json_lines import append_line, encode


def made(status: str | None = None) -> RunFolder:
    run = create_run("finetune", "run", {"model": "squeezenet1_1"})
    if status:
        append_line(run.path / "events.jsonl", encode({"event": "finished", "time": 1.0, "status": status}))
    return run


def test_what_a_signal_ended_is_taken_up_and_what_a_person_ended_is_not() -> None:
    assert take_up(made())
    assert take_up(made("stopped"))
    assert not take_up(made("finished"))
    assert not take_up(made("failed"))
    wanted = made("stopped")
    wanted.request_stop()
    assert not take_up(wanted)


def program(text: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let every worker be this program; return the list of those that were started."""
    started: list[Any] = []
    real = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        started.append(real([sys.executable, "-c", text], **options))
        return started[-1]

    monkeypatch.setattr(task.subprocess, "Popen", start)
    return started


def test_a_killed_worker_is_started_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    started = program("import os; os.kill(os.getpid(), 9)", monkeypatch)
    with pytest.raises(RuntimeError, match=f"killed {ATTEMPTS} times"):
        ScheduledWorker(5)(str(made().path))
    assert len(started) == ATTEMPTS


def test_the_status_of_a_worker_is_that_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    started = program("raise SystemExit(2)", monkeypatch)
    assert ScheduledWorker(5)(str(made().path)) == 2
    assert len(started) == 1


def test_the_notice_is_handed_to_the_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    mark = tmp_path / "noticed"
    text = (
        "import signal, sys, time, pathlib\n"
        f"signal.signal(signal.SIGUSR2, lambda *_: (pathlib.Path({str(mark)!r}).touch(), sys.exit(0)))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    worker = ScheduledWorker(5)
    worker._process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    assert worker._process.stdout.readline()
    again = worker.checkpoint("folder")
    worker._process.wait(10)
    assert mark.exists()
    assert again.args == ("folder",)
    assert pickle.loads(pickle.dumps(again.function))._process is None
