"""The export as a job: what it returns, and what a stop leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.export.conftest import run
from tlviz.errors import BadSettingError, StorageError
from tlviz.export.files.table import Format
from tlviz.export.make_bundle import Wanted
from tlviz.jobs.export import execute, expected_shares
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs import launch
from tlviz.runs.launch import start_export
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.kinds import find_kind

__all__ = ["run"]


def settings(run: RunFolder, to: Path, **other: Any) -> dict[str, Any]:
    chosen = {"run": run.name, "to": str(to), "formats": ["safetensors", "pt"], "weights": "best", "zip": True}
    return chosen | {"check": False} | other


def job() -> Job:
    return Job(create_run("export", "x", {}))


def test_a_bundle_is_made_and_told(run: RunFolder, tmp_path: Path) -> None:
    told = execute(job(), settings(run, tmp_path / "out"))
    assert (told["status"], told["run"], told["weights"], told["epoch"]) == ("finished", run.name, "best", 1)
    assert (told["folder"], told["zip"]) == (str(tmp_path / "out"), str(tmp_path / "out.zip"))
    assert list(told["files"]) == list(told["checks"]) == ["safetensors", "pt"]
    assert told["checks"]["pt"]["status"] == "not run"
    assert told["ready"]
    with pytest.raises(StorageError, match="is not empty"):
        execute(job(), settings(run, tmp_path / "out", zip=False))


def test_a_stop_leaves_nothing(run: RunFolder, tmp_path: Path) -> None:
    stopped = job()
    stopped.terminate()
    with pytest.raises(StoppedEarly):
        execute(stopped, settings(run, tmp_path / "out"))
    assert not {path.name for path in tmp_path.iterdir()} - {"data", "tlviz-home"}


def test_settings_that_name_no_folder_are_one_sentence(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="name no folder"):
        execute(job(), settings(run, Path("relative")))


def test_every_part_that_is_told_has_its_share(run: RunFolder, tmp_path: Path) -> None:
    shares = expected_shares(run, Wanted((Format.ONNX, Format.PT), tmp_path, zipped=True))
    assert list(shares) == [
        *("writing model.pt", "writing model.onnx", "own answers"),
        *("predict, starting", "predict, reading", "predict, model.pt"),
        *("predict_onnx, starting", "predict_onnx, reading", "predict_onnx, model.onnx", "packing"),
    ]
    assert all(share > 0 for share in shares.values())
    assert list(expected_shares(run, Wanted((Format.PT,), tmp_path, checked=False))) == ["writing model.pt"]


def test_one_record_of_a_runs_exports_is_kept(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start_worker", lambda _: None)
    first = start_export(run, tmp_path / "a", ["pt"])
    assert first.config()["settings"].keys() - {"device"} == find_kind("export").settings
    assert first.config()["settings"]["run"] == run.name
    (first.path / "events.jsonl").write_text('{"event": "finished", "time": 1, "status": "stopped"}\n')
    again = start_export(run, tmp_path / "a", ["pt"], check=False)
    assert list_runs("export") == [again]
