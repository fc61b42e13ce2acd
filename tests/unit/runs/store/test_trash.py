"""Deleted runs wait in the trash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tlviz.cli import main
from tlviz.errors import StorageError, UnknownNameError
from tlviz.runs.overview import overview
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Heartbeat
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.trash import discard, empty_trash, list_trash, restore, trash_folder, trash_size

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


def make(*events: dict[str, Any], status: str | None = "finished") -> RunFolder:
    run = create_run("finetune", "test", SETTINGS)
    lines = [EPOCH, *events, *([{"event": "finished", "status": status, "duration_s": 2.0}] if status else [])]
    text = "".join(json.dumps({"time": 1.0} | line) + "\n" for line in lines)
    (run.path / "events.jsonl").write_text(text, encoding="utf-8")
    return run


def test_a_deleted_run_comes_back_as_it_was() -> None:
    run = make()
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    binned = discard(run)
    assert (overview(), list_trash()) == ([], [binned])
    assert trash_size() > 0
    again = restore(run.name)
    assert again == run
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
    assert list_trash() == []
    with pytest.raises(UnknownNameError):
        restore(run.name)


def test_the_bin_is_emptied_and_takes_two_runs_of_one_name() -> None:
    run = make()
    discard(run)
    make().path.rename(run.path)
    discard(run)
    assert len(list_trash()) == 2
    assert empty_trash() == 2
    assert (list_trash(), empty_trash(), trash_size()) == ([], 0, 0)


def test_a_running_run_and_what_is_no_run_do_not_go_into_the_bin(tmp_path: Path) -> None:
    run = create_run("finetune", "x", {})
    (run.path / "heartbeat").write_bytes(encode(Heartbeat.of_this_process()))
    with pytest.raises(StorageError, match="still active"):
        discard(run)
    with pytest.raises(StorageError, match="only those are deleted"):
        discard(RunFolder(tmp_path))


def test_delete_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    run, other = make(), make()
    assert main(["runs", "delete", run.name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["deleted"], Path(told["bin"])) == (True, trash_folder() / run.name)
    assert main(["runs", "delete", other.name, "--forever", "--json"]) == 0
    assert "bin" not in json.loads(capsys.readouterr().out)
    assert [run.name for run in list_trash()] == [run.name]
