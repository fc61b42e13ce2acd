"""Workers killed at any moment: whatever they leave behind, the next one ends with the same weights."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.warm import WarmWorkers
from tests.workers import gone, two_colours, wait
from tlviz.cli import main
from tlviz.errors import BadSettingError
from tlviz.finetune.config import configure
from tlviz.runs.launch import resume_run, start_finetune
from tlviz.runs.store.folder import RunFolder, create_run, find_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with twenty small pictures each."""
    return two_colours(tmp_path_factory.mktemp("target"), 20, noise=150)


def start(folder: Path, **chosen: object) -> RunFolder:
    values = {"epochs": 12, "patience": 100, "image_size": 64, "batch_size": 8, "freeze": 6, "threads": 1} | chosen
    return start_finetune(configure("squeezenet1_1", str(folder), "two_phase", **values))


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run that nothing disturbed, started as a person does, which the disturbed ones are compared with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLVIZ_HOME", str(tmp_path_factory.mktemp("undisturbed")))
        run = start(folder)
        wait(lambda: run.status().is_over)
    return run


def kill(run: RunFolder) -> None:
    beat = run.heartbeat()
    assert beat is not None
    os.kill(beat.pid, signal.SIGKILL)
    wait(lambda: run.status().is_over)


def epochs_of(run: RunFolder) -> list[tuple[float, ...]]:
    return [(e["epoch"], e["train_loss"], e["val_loss"], e["val_accuracy"]) for e in summarise(run).epochs]


def same_end(run: RunFolder, whole: RunFolder) -> None:
    """Check that two runs have the same curve and weights, and that nothing was told twice."""
    assert run.status() is Status.FINISHED, summarise(run).error
    assert epochs_of(run) == epochs_of(whole)
    assert summarise(run).best_epoch == summarise(whole).best_epoch
    one, two = load_file(run.weights), load_file(whole.weights)
    assert all(np.array_equal(one[name].numpy(), two[name].numpy()) for name in one | two)
    expected, told = told_by(whole), told_by(run)
    assert [event for event in told if event[0] != "gauged"] == [event for event in expected if event[0] != "gauged"]
    assert set(told) >= set(expected), "a stop may have told more readings"
    assert len(set(told)) == len(told)
    assert not run.last_state.exists(), "a finished run needs no state to resume from"


def test_a_run_outlives_who_started_it(folder: Path) -> None:
    """An app that is killed, with all its group, leaves its workers at work."""
    settings = {"image_size": 64, "epochs": 4, "patience": 100, "threads": 1}
    program = (
        "import time; from tlviz.finetune.config import configure; from tlviz.runs.launch import start_finetune\n"
        f"run = start_finetune(configure('squeezenet1_1', {str(folder)!r}, 'head_only', **{settings!r}))\n"
        "print(run.name, flush=True); time.sleep(600)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    assert app.stdout
    run = find_run(app.stdout.readline().decode().strip())
    os.killpg(app.pid, signal.SIGKILL)
    app.wait()
    wait(lambda: run.status().is_over)
    assert run.status() is Status.FINISHED
    assert [event["epoch"] for event in run.events() if event["event"] == "epoch"] == list(range(5))


def told_by(run: RunFolder) -> list[tuple[str, int | None, str | None]]:
    return [(e["event"], e.get("epoch"), e.get("moment")) for e in run.events() if e["event"] not in RESUMING]


RESUMING = {"resumed", "finished"}


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_ends_with_the_same_weights(folder: Path, whole: RunFolder, kills: int) -> None:
    draw = random.Random(0)
    for seed in range(0, kills, 3):
        run = start(folder)
        for number in range(seed, min(seed + 3, kills)):
            done = len(summarise(run).epochs)
            wait(lambda: len(summarise(run).epochs) > done or run.status().is_over)  # noqa: B023 (called at once)
            time.sleep(draw.random() * 0.2)
            if run.status() is Status.FINISHED:
                break
            kill(run)
            assert run.status() is Status.FAILED, number
            resume_run(run)
            assert run.status() in (Status.QUEUED, Status.RUNNING)
        wait(lambda: run.status().is_over)  # noqa: B023 (called at once)
        same_end(run, whole)
        run.delete()


def test_a_stopped_run_goes_on_and_a_finished_one_says_so(
    folder: Path, whole: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    run = start(folder)
    wait(lambda: summarise(run).epochs_run >= 2)
    with pytest.raises(BadSettingError, match="is still active"):
        resume_run(run)
    run.request_stop()
    wait(lambda: run.status().is_over)
    assert run.status() is Status.STOPPED
    assert ("gauged", summarise(run).best_epoch, "best") in told_by(run), "known of a stopped run too"
    spent_s = summarise(run).duration_s or 0
    assert main(["runs", "resume", run.name, "--json"]) == 0
    assert '"status": "finished"' in capsys.readouterr().out
    same_end(run, whole)
    assert (summarise(run).duration_s or 0) > spent_s
    assert main(["runs", "resume", run.name]) == 2
    assert "is finished; there is nothing left to resume" in capsys.readouterr().err


def test_a_run_killed_before_its_first_epoch_begins_anew(folder: Path) -> None:
    run = start(folder, epochs=2)
    wait(lambda: run.heartbeat() is not None)
    kill(run)
    resume_run(run)
    wait(lambda: run.status().is_over)
    assert [epoch["epoch"] for epoch in summarise(run).epochs] == [0, 1, 2]


def test_a_damaged_state_is_one_sentence(folder: Path) -> None:
    run = start(folder, epochs=1000)
    wait(lambda: summarise(run).epochs_run >= 1)
    kill(run)
    run.last_state.write_bytes(b"damaged")
    resume_run(run)
    wait(lambda: run.status().is_over)
    assert "last state cannot be read" in str(summarise(run).error)


def test_a_run_that_could_not_start_can_be_resumed_and_unknown_kinds_fail_again() -> None:
    run = create_run("nonsense", "unknown-kind", {})
    (run.path / "events.jsonl").write_text('{"event": "finished", "status": "failed", "time": 1.0}\n', encoding="utf-8")
    assert run.status() is Status.FAILED
    run.request_resume()
    assert run.status() is Status.QUEUED


def started_once(run: RunFolder, epochs: int) -> None:
    told = [event["event"] for event in run.events()]
    assert told.count("finished") == 1
    assert [e["epoch"] for e in run.events() if e["event"] == "epoch"] == list(range(epochs + 1))


def test_several_workers_on_one_run_train_it_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, warm_workers: WarmWorkers
) -> None:
    monkeypatch.setattr("tlviz.runs.launch.start_worker", lambda run: None)
    run = start(folder, epochs=3)
    workers = [warm_workers.worker(run.path) for _ in range(3)]
    assert [one.wait() for one in workers] == [0, 0, 0]
    started_once(run, 3)
    assert warm_workers.worker(run.path).wait() == 0, "one that comes when all is done has nothing to do"
    started_once(run, 3)


def test_a_run_resumed_twice_at_once_goes_on_once(folder: Path) -> None:
    """Two tabs and a terminal ask at the same moment."""
    run = start(folder, epochs=1000)  # it must not finish while the others wait for their turn
    wait(lambda: any(e["event"] == "epoch" and e["epoch"] >= 2 for e in run.events()))
    run.request_stop()
    wait(lambda: gone(run))
    barrier, said = threading.Barrier(3), list[str]()

    def ask() -> None:
        barrier.wait()
        try:
            resume_run(run)
            said.append("goes on")
        except BadSettingError as error:
            said.append(str(error))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert said.count("goes on") == 1
    assert sum("still active" in words for words in said) == 2
    wait(lambda: run.status() is Status.RUNNING and len(summarise(run).epochs) > 4)
    run.request_stop()
    wait(lambda: run.status().is_over)
    epochs = [e["epoch"] for e in run.events() if e["event"] == "epoch"]
    assert epochs == list(range(len(epochs)))
    assert [e["event"] for e in run.events()].count("resumed") == 1
