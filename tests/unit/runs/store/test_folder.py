"""A run folder can be read at any moment, and what a run is follows from it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from tlviz.errors import BadRunError, StorageError, UnknownNameError
from tlviz.jobs.job import Job
from tlviz.runs.store.folder import START_GRACE_S, RunFolder, create_run, find_run, list_runs
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.summary import summarise

EPOCH = {"event": "epoch", "time": 1.0, "train_loss": 1.0, "train_accuracy": 0.5, "duration_s": 1.0}


def make(*events: dict[str, object], beat: Heartbeat | None = None) -> RunFolder:
    run = create_run("finetune", "test", {"model": "m", "data": "d", "strategy": "full"})
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    if beat:
        (run.path / "heartbeat").write_text(json.dumps(asdict(beat)), encoding="utf-8")
    return run


def epoch(number: int, accuracy: float, loss: float) -> dict[str, object]:
    return EPOCH | {"epoch": number, "val_accuracy": accuracy, "val_loss": loss, "images_per_s": 10.0 * number}


def test_a_new_run_is_queued_and_one_that_never_started_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make()
    assert run.status() is Status.QUEUED
    later = time.time() + START_GRACE_S + 1
    monkeypatch.setattr("time.time", lambda: later)
    assert run.status() is Status.FAILED
    assert "could not start" in str(summarise(run).error)


def test_a_live_process_says_its_state_and_a_dead_one_failed() -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = psutil.Process(worker.pid)
    beat = Heartbeat(socket.gethostname(), worker.pid, process.create_time(), time.time(), "running")
    run = make(epoch(0, 0.1, 2.0), beat=beat)
    assert run.status() is Status.RUNNING
    worker.kill()
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert run.status() is Status.FAILED, "a zombie is dead"
    worker.wait()
    assert run.status() is Status.FAILED
    assert "was killed" in str(summarise(run).error)


def test_another_process_with_the_same_number_is_not_the_worker() -> None:
    beat = Heartbeat.of_this_process()
    assert make(beat=beat).status() is Status.QUEUED
    assert make(beat=replace(beat, process_started=beat.process_started - 100)).status() is Status.FAILED


def test_a_worker_on_another_machine_is_judged_by_its_silence() -> None:
    beat = replace(Heartbeat.of_this_process(), host="elsewhere", state="running")
    assert make(beat=beat).status() is Status.RUNNING
    assert make(beat=replace(beat, time=time.time() - 120)).status() is Status.LOST


def test_the_last_event_decides_over_any_heartbeat() -> None:
    assert make({"event": "finished", "status": "stopped"}, beat=Heartbeat.of_this_process()).status() is Status.STOPPED


def test_a_half_written_or_damaged_line_is_not_an_event() -> None:
    run = make(epoch(0, 0.2, 2.0))
    with (run.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "ep\n[1]\n{"event": "epoch", "epoch": 1')
    assert [event["epoch"] for event in run.events()] == [0]
    (run.path / "heartbeat").write_bytes(b"\xff\x00")
    (run.path / "config.json").write_bytes(b"{")
    assert summarise(run).status is Status.FAILED


def test_runs_are_listed_newest_first_and_found_by_name_or_path() -> None:
    first, second = make(), make()
    first.path.rename(first.path.with_name("20000101-000000-old"))
    old = find_run("20000101-000000-old")
    assert [run.name for run in list_runs()] == [second.name, old.name]
    assert find_run(str(second.path)) == second
    with pytest.raises(UnknownNameError, match="no run called 'nope'"):
        find_run("nope")
    with pytest.raises(UnknownNameError):
        find_run("")


def test_runs_of_one_second_are_listed_newest_first() -> None:
    made = []
    for at in range(8):
        run = make()
        run.path.rename(run.path.with_name(f"20260101-000000-{(5 * at) % 8}"))
        made.append(f"20260101-000000-{(5 * at) % 8}")
        time.sleep(0.01)
    assert [run.name for run in list_runs()] == made[::-1]


def test_a_running_run_is_not_deleted() -> None:
    run = make(beat=Heartbeat.of_this_process())
    with pytest.raises(StorageError, match="still active"):
        run.delete()
    over = make({"event": "finished", "status": "finished"})
    over.delete()
    assert not over.path.exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(home: Path) -> None:
    home.mkdir()
    (home / "runs").write_text("a file in the way")
    with pytest.raises(StorageError, match=r"Cannot write .*runs.*TLVIZ_HOME"):
        make()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", '{"settings": []}'),
        ("config.json", '{"format": 1, "kind": "finetune", "settings": null, "created": "x"}'),
        ("events.jsonl", '{"event": "epoch"}\n{"event": "epoch", "epoch": null, "val_accuracy": 1}\n'),
        ("events.jsonl", '{"event": "finished"}\n'),
        ("events.jsonl", '{"event": "finished", "status": "splendid"}\n'),
        ("heartbeat", '{"host": "h", "pid": 1, "process_started": 0, "time": 0, "state": "dancing"}'),
        ("heartbeat", '{"host": "h", "pid": -1, "process_started": 0, "time": 0, "state": "running"}'),
        ("heartbeat", '{"host": "h", "pid": "x", "process_started": 0, "time": 0, "state": "running"}'),
        ("heartbeat", "[1, 2]"),
    ],
)
def test_a_damaged_folder_can_be_read_and_disturbs_no_other(file: str, content: str) -> None:
    good = make(epoch(0, 0.5, 1.0), {"event": "finished", "time": 1.0, "status": "finished"})
    bad = make()
    (bad.path / file).write_text(content, encoding="utf-8")
    summaries = {summary.run: summary.status for summary in map(summarise, list_runs())}
    assert summaries[good.name] is Status.FINISHED
    assert isinstance(summaries[bad.name], Status)


def test_an_end_told_between_two_looks_is_not_a_death(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = replace(Heartbeat.of_this_process(), pid=2**22 - 1, state="running")
    run = make(epoch(0, 0.5, 1.0), beat=dead)
    looks = iter([run.events(), [*run.events(), {"event": "finished", "status": "finished", "duration_s": 3.0}]])
    monkeypatch.setattr(RunFolder, "events", lambda _self: next(looks))
    summary = summarise(run)
    assert (summary.status, summary.duration_s, summary.error) == (Status.FINISHED, 3.0, None)


def test_only_runs_of_the_home_are_deleted(tmp_path: Path) -> None:
    model = tmp_path / "bert"
    model.mkdir()
    (model / "config.json").write_text('{"architectures": ["Bert"]}')
    with pytest.raises(UnknownNameError):
        find_run(str(model))
    with pytest.raises(StorageError, match="is not a run"):
        RunFolder(model).delete()
    carried = make({"event": "finished", "status": "finished"}).path.rename(tmp_path / "carried")
    assert find_run(str(carried)).status() is Status.FINISHED, "a run that was carried elsewhere can be read"
    with pytest.raises(StorageError, match="only those are deleted"):
        RunFolder(carried).delete()
    assert (model.exists(), carried.exists()) == (True, True)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", b"{", "its config.json is damaged"),
        ("config.json", b'{"a": NaN}', "its config.json is damaged"),
        ("config.json", b"{}", "its config.json does not say what kind of run it is"),
        ("config.json", None, "its config.json is damaged (it is no plain file)"),
        ("config.json", "missing", "its config.json is missing"),
    ],
)
def test_a_run_whose_settings_are_damaged_is_named_with_the_reason(
    file: str, content: bytes | str | None, words: str
) -> None:
    run, good = make(epoch(0, 0.5, 1.0)), make()
    (run.path / file).unlink()
    if content is None:
        (run.path / file).mkdir()
    elif isinstance(content, bytes):
        (run.path / file).write_bytes(content)
    with pytest.raises(BadRunError, match=re.escape(f"The run {run.name} cannot be read: {words}")):
        find_run(run.name)
    assert words.partition(" (")[0] in str(run.damage())
    assert good.damage() is None
    with pytest.raises(UnknownNameError) as caught:
        find_run(f"{run.name}x")
    assert run.name not in str(caught.value).replace(f"{run.name}x", ""), "it is not offered instead of itself"


def test_events_that_cannot_be_read_are_the_reason_why_a_run_has_no_end() -> None:
    run = make(beat=replace(Heartbeat.of_this_process(), pid=2**22 - 1, state="running"))
    (run.path / "events.jsonl").write_bytes(b"{\n" * 5_000)
    assert summarise(run).status is Status.FAILED
    assert "cannot be read: its events.jsonl is damaged" in str(summarise(run).error)
    (run.path / "events.jsonl").unlink()
    (run.path / "events.jsonl").mkdir()
    assert "its events.jsonl is damaged" in str(summarise(run).error)


def test_a_heartbeat_from_the_future_is_a_clock_that_is_wrong() -> None:
    beat = replace(Heartbeat.of_this_process(), host="elsewhere", state="running", time=time.time() + 3600)
    run = make(beat=beat)
    assert run.status() is Status.LOST
    assert "clock is ahead of this one's (60 minutes)" in str(summarise(run).error)
    here = make(beat=replace(Heartbeat.of_this_process(), time=time.time() + 3600))
    assert here.status() is Status.QUEUED, "on this machine the process itself is asked"


def test_what_a_heartbeat_says_can_be_shown() -> None:
    beat = Heartbeat.of_this_process()
    odd = replace(beat, fraction=7.5, seconds_left=1e300, doing="x" * 10_000)
    found = make(beat=odd).heartbeat()
    assert found is not None
    assert (found.fraction, found.seconds_left, len(found.doing)) == (1.0, None, 500)
    low = make(beat=replace(beat, fraction=-1.0, seconds_left=-5.0)).heartbeat()
    assert low is not None
    assert (low.fraction, low.seconds_left) == (0.0, None)


def test_a_folder_that_is_removed_under_its_worker_ends_it_in_one_sentence() -> None:
    run = make()
    job = Job(run)
    job.start()
    shutil.rmtree(run.path)
    with pytest.raises(StorageError, match="A folder on the way to it is gone"):
        job.append("epoch", {"epoch": 0})
    with pytest.raises(StorageError, match="Cannot write"):
        job.finish(Status.FAILED, error="x")
    assert not run.path.exists(), "nothing is made again"
    assert run.damage() == "its folder is gone"


@pytest.mark.parametrize("file", ["events.jsonl", "heartbeat"])
def test_a_folder_in_the_way_is_one_sentence(file: str) -> None:
    run = make()
    (run.path / file).unlink(missing_ok=True)
    (run.path / file).mkdir()
    job = Job(run)
    with pytest.raises(StorageError, match=f"{file}.*Something else of that name is in the way"):
        job.start()
        job.append("epoch", {"epoch": 0})
