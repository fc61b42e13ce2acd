"""Runs carried as ZIP, hostile ones included."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tlviz.errors import BadDatasetError, BadRunError
from tlviz.home import home, runs_folder
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.store.archive import pack_run, take_in
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


def make(*events: dict[str, Any], status: str | None = "finished") -> RunFolder:
    run = create_run("finetune", "test", SETTINGS)
    lines = [EPOCH, *events, *([{"event": "finished", "status": status, "duration_s": 2.0}] if status else [])]
    text = "".join(json.dumps({"time": 1.0} | line) + "\n" for line in lines)
    (run.path / "events.jsonl").write_text(text, encoding="utf-8")
    return run


def packed(run: RunFolder, path: Path) -> Path:
    with path.open("wb") as file:
        pack_run(run, file)
    return path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


CONFIG = json.dumps({"format": 1, "kind": "finetune", "created": 1.7e9, "settings": SETTINGS}).encode()


def test_a_run_is_carried_as_it_is(tmp_path: Path) -> None:
    run = make()
    run.weights.write_bytes(b"\x00" * 3000)
    write_notes(run, Notes("mine"))
    (run.path / "heartbeat").write_bytes(b"{}")
    archive = packed(run, tmp_path / "carried.zip")
    taken = take_in(archive)
    assert taken != run
    assert taken.name.startswith(run.name)
    for name in ("config.json", "events.jsonl", "best.safetensors", "notes.json"):
        assert (taken.path / name).read_bytes() == (run.path / name).read_bytes()
    assert not (taken.path / "heartbeat").exists()
    assert summarise(taken).best_val_accuracy == summarise(run).best_val_accuracy
    assert taken.status() is Status.FINISHED
    run.delete()
    taken.delete()
    assert take_in(archive).name == run.name
    assert not any((home() / "incoming").iterdir())


def test_a_plain_zip_of_the_files_is_taken_in_under_a_proper_name(tmp_path: Path) -> None:
    taken = take_in(zipped(tmp_path / "my run.zip", {"config.json": CONFIG, ".DS_Store": b"x", "a/b/c.txt": b"x"}))
    assert taken.name.endswith("-my_run")
    assert sorted(path.name for path in taken.path.iterdir()) == ["config.json"]
    assert list_runs() == [taken]


def hostile(path: Path, kind: str) -> Path:
    if kind == "link":
        info = zipfile.ZipInfo("run/events.jsonl")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("run/config.json", CONFIG)
            archive.writestr(info, "/etc/passwd")
        return path
    if kind == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("run/config.json", CONFIG)
            archive.writestr("run/best.safetensors", b"\0" * (70 * 2**20))
        return path
    newer = CONFIG.replace(b'"format": 1', b'"format": 2')
    files = {
        "escape": {"../../escaped/config.json": CONFIG},
        "absolute": {"/tmp/config.json": CONFIG},
        "drive": {"C:\\run\\config.json": CONFIG},
        "two runs": {"one/config.json": CONFIG, "other/events.jsonl": b""},
        "no config": {"run/events.jsonl": b""},
        "another kind": {"run/config.json": b'{"format": 1, "kind": "download", "created": 1, "settings": {}}'},
        "newer": {"run/config.json": newer},
        "nonsense": {"run/config.json": b"\xff{"},
        "many": {f"run/{at}.txt": b"" for at in range(1200)},
        "large config": {"run/config.json": b" " * (2 * 2**20) + CONFIG},
    }
    return zipped(path, files[kind])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", "a link or a device"),
        ("bomb", "would unpack to far more than a run holds"),
        ("cut", "is not a ZIP file"),
        ("escape", "a path that leads out of it"),
        ("absolute", "a path that leads out of it"),
        ("drive", "a path that leads out of it"),
        ("two runs", "holds several runs"),
        ("no config", "holds no fine-tuning run"),
        ("another kind", "holds no fine-tuning run"),
        ("newer", "made by a newer version of tlviz"),
        ("nonsense", "holds no fine-tuning run"),
        ("many", "would unpack to far more than a run holds"),
        ("large config", "too large for a run"),
    ],
)
def test_a_hostile_zip_is_one_sentence_and_leaves_nothing(tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "hostile.zip"
    if kind == "cut":
        path.write_bytes(b"PK\x03\x04 cut")
    else:
        hostile(path, kind)
    with pytest.raises((BadRunError, BadDatasetError), match=words):
        take_in(path)
    assert list_runs() == []
    assert not runs_folder().exists() or not any(runs_folder().iterdir())
    assert not any((home() / "incoming").iterdir()) if (home() / "incoming").exists() else True
    assert not (tmp_path / "escaped").exists()


def test_a_file_twice_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("run/config.json", CONFIG)
        archive.writestr("run/config.json", CONFIG)
    with pytest.raises(BadRunError, match=r"holds config\.json twice"):
        take_in(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("run/config.json", CONFIG)
    damaged = bytearray(buffer.getvalue())
    damaged[60] ^= 0xFF
    path.write_bytes(bytes(damaged))
    with pytest.raises(BadRunError, match="is damaged"):
        take_in(path)


def test_another_versions_format_is_one_sentence() -> None:
    run = make()
    (run.path / "config.json").write_bytes(CONFIG.replace(b'"format": 1', b'"format": 7'))
    assert "Another version of tlviz wrote this run (format 7, this one writes 1)" in str(summarise(run).error)
    assert summarise(run).best_val_accuracy == 0.75


@pytest.mark.parametrize("path", [os.devnull, ".", "gone.zip"])
def test_what_is_no_file_is_no_run(path: str) -> None:
    with pytest.raises(BadRunError, match="is not a ZIP file"):
        take_in(Path(path))
