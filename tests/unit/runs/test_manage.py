"""Notes, the overview with its memory, the bin, and runs carried as ZIP, hostile ones included."""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tlviz.cli import main
from tlviz.errors import BadDatasetError, BadRunError, StorageError, UnknownNameError
from tlviz.home import cache_folder, home, runs_folder
from tlviz.runs import overview as overview_module
from tlviz.runs.notes import Notes, read_notes, write_notes
from tlviz.runs.overview import all_tags, disk_use, overview, search
from tlviz.runs.store.archive import pack_run, take_in
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import Heartbeat, Status
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.trash import bin_folder, bin_size, discard, empty_bin, list_bin, restore
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


def test_notes_are_kept_tidied_and_never_in_the_way() -> None:
    run = make()
    assert read_notes(run) == Notes()
    write_notes(run, Notes("  my run ", "text\nmore", ("a", " a ", "", "b")))
    assert read_notes(run) == Notes("my run", "text\nmore", ("a", "b"))
    for damaged in (b"{", b"[1]", b'{"name": 1, "tags": "x", "text": null}', b"\xff"):
        (run.path / "notes.json").write_bytes(damaged)
        assert read_notes(run) == Notes()


def test_the_overview_says_what_the_summaries_say_and_reads_each_ended_run_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, going = make(), make(status=None)
    write_notes(first, Notes("best so far", "", ("keep",)))
    rows = {row.run: row for row in overview()}
    summary = summarise(first)
    for name in ("status", "best_val_accuracy", "best_epoch", "epochs_run", "duration_s", "model", "error"):
        assert getattr(rows[first.name], name) == getattr(summary, name)
    assert rows[first.name].seed == 3
    assert rows[first.name].size == sum(path.stat().st_size for path in first.path.iterdir())

    read: list[str] = []
    original = overview_module.summarise
    monkeypatch.setattr(overview_module, "summarise", lambda run: (read.append(run.name), original(run))[1])
    assert {row.run: row for row in overview()} == rows
    assert read == [going.name], "what has ended is remembered"
    with (first.path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    overview()
    assert first.name in read, "what has changed is read again"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 1, "runs": {"x": 1}}', b'{"format": 9, "runs": {}}'])
def test_a_damaged_memory_costs_nothing(content: bytes) -> None:
    run = make()
    rows = overview()
    memory = cache_folder("runs") / "overview.json"
    memory.write_bytes(content)
    assert overview() == rows
    memory.write_text(memory.read_text().replace(run.name, "another"))
    assert overview() == rows


def test_search_and_tags() -> None:
    first, second = make(), make()
    write_notes(first, Notes("Tiger", "the good one", ("keep", "Zoo")))
    write_notes(second, Notes("", "", ("keep",)))
    rows = overview()
    assert all_tags(rows) == ["keep", "Zoo"]
    assert [row.run for row in search(rows, "tiger GOOD")] == [first.name]
    assert len(search(rows, "clipart")) == len(search(rows, "")) == 2
    assert search(rows, "nothing") == []
    assert disk_use(rows) == sum(row.size for row in rows)


def test_a_deleted_run_comes_back_as_it_was() -> None:
    run = make()
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    binned = discard(run)
    assert (overview(), list_bin()) == ([], [binned])
    assert bin_size() > 0
    again = restore(run.name)
    assert again == run
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
    assert list_bin() == []
    with pytest.raises(UnknownNameError):
        restore(run.name)


def test_the_bin_is_emptied_and_takes_two_runs_of_one_name() -> None:
    run = make()
    discard(run)
    make().path.rename(run.path)
    discard(run)
    assert len(list_bin()) == 2
    assert empty_bin() == 2
    assert (list_bin(), empty_bin(), bin_size()) == ([], 0, 0)


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
    assert (told["deleted"], Path(told["bin"])) == (True, bin_folder() / run.name)
    assert main(["runs", "delete", other.name, "--forever", "--json"]) == 0
    assert "bin" not in json.loads(capsys.readouterr().out)
    assert [run.name for run in list_bin()] == [run.name]


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
    beat = Heartbeat.of_this_process()
    late = encode(beat).replace(repr(beat.time).encode(), b"5.0")
    (run.path / "heartbeat").write_bytes(late)
    assert run.status() is Status(beat.state)


def test_a_run_made_under_a_clock_far_ahead_is_not_queued_for_ever() -> None:
    run = create_run("finetune", "x", {})
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(config | {"created": time.time() + 10**6}))
    assert run.status() is Status.FAILED


ODD = {
    "half copied": lambda run: (run.path / "config.json").write_bytes(b'{"format": 1, "kind": "fine'),
    "no events": lambda run: (run.path / "events.jsonl").unlink(),
    "cut line": lambda run: (run.path / "events.jsonl").write_bytes(b'{"event": "epoch", "epo'),
    "infinite": lambda run: (run.path / "events.jsonl").write_bytes(
        json.dumps(EPOCH).replace("0.75", "1e999").encode() + b"\n" + b'{"event": "finished", "status": "finished", '
        b'"duration_s": 1e999, "test_accuracy": NaN}\n'
    ),
    "words for numbers": lambda run: (run.path / "events.jsonl").write_bytes(
        b'{"event": "finished", "status": "finished", "time": "noon", "duration_s": "long", "error": 5}\n'
    ),
    "deep": lambda run: (run.path / "events.jsonl").write_bytes(b"[" * 100_000 + b"\n"),
    "time backwards": lambda run: (run.path / "events.jsonl").write_text(
        "".join(json.dumps(EPOCH | {"epoch": at, "time": 9.0 - at}) + "\n" for at in range(3))
    ),
    "other format": lambda run: (run.path / "config.json").write_bytes(CONFIG.replace(b'"format": 1', b'"format": 7')),
    "odd settings": lambda run: (run.path / "config.json").write_bytes(
        CONFIG.replace(b'"seed": 3', b'"seed": [1], "x": 1e999').replace(b'"full"', b"7")
    ),
    "a folder for a file": lambda run: ((run.path / "events.jsonl").unlink(), (run.path / "events.jsonl").mkdir()),
    "no calendar": lambda run: (run.path / "config.json").write_bytes(
        CONFIG.replace(b'"created": ', b'"created": 1' + b"0" * 400 + b', "was": ')
    ),
    "huge numbers": lambda run: (run.path / "events.jsonl").write_bytes(
        json.dumps(EPOCH | {"val_accuracy": 10**400}).encode() + b"\n"
    ),
    "huge test": lambda run: (run.path / "test.json").write_text(json.dumps({"test_accuracy": 10**400})),
    "huge resume": lambda run: (run.path / "resume").write_text(json.dumps({"time": 10**400})),
    "half letters": lambda run: (run.path / "notes.json").write_text(
        json.dumps({"name": "\ud800", "tags": ["\ud800"]})
    ),
    "words for counts": lambda run: (run.path / "events.jsonl").write_text(
        "".join(
            json.dumps({"event": event, "time": 1.0, "trainable_parameters": count, "validation_images": "x"}) + "\n"
            for event, count in (("started", "many"), ("unfrozen", 5))
        )
    ),
    "odd heartbeat": lambda run: (run.path / "heartbeat").write_bytes(
        b'{"host": "h", "pid": 1, "process_started": "x", "time": "y", "state": "running"}'
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_runs_on_the_command_line_never_stumbles(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = make(), make()
    ODD[kind](bad)
    for _ in range(2):  # the second time from memory
        assert main(["runs", "--json"]) == 0
        rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
        assert rows[good.name]["best_val_accuracy"] == 0.75
    assert main(["runs"]) == 0
    if bad.name in rows:
        assert main(["runs", "show", bad.name, "--json"]) in (0, 2)


def test_another_versions_format_is_one_sentence() -> None:
    run = make()
    (run.path / "config.json").write_bytes(CONFIG.replace(b'"format": 1', b'"format": 7'))
    assert "Another version of tlviz wrote this run (format 7, this one writes 1)" in str(summarise(run).error)
    assert summarise(run).best_val_accuracy == 0.75


@pytest.mark.parametrize("path", [os.devnull, ".", "gone.zip"])
def test_what_is_no_file_is_no_run(path: str) -> None:
    with pytest.raises(BadRunError, match="is not a ZIP file"):
        take_in(Path(path))
