"""Run folders and run ZIPs that are damaged or hostile: one for each seed."""

from __future__ import annotations

import io
import random
import warnings
import zipfile
from pathlib import Path
from typing import Any

from tests.fuzz.small_files import arrays, bitten, damaged, put
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import RunFolder, create_run

_EPOCH = {
    "event": "epoch",
    "time": 1.0,
    "epoch": 0,
    "val_loss": 1.0,
    "val_accuracy": 0.5,
    "train_loss": None,
    "train_accuracy": None,
    "duration_s": 1.0,
    "images_per_s": 10.0,
    "rates": {"head": 0.1},
    "val_hits": "ff",
}
_STARTED = {
    "event": "started",
    "time": 1.0,
    "freeze": 9,
    "switches": [],
    "groups": [{"stage": "head", "parameters": 3}],
    "trainable_parameters": 10,
    "frozen_parameters": 10,
    "train_images": 16,
    "validation_images": 4,
    "test_images": 0,
    "classes": ["a", "b"],
    "problems": [{"path": "a", "problem": "b", "action": "c"}],
    "excluded": [],
    "copies": [],
    "note": "",
}
_EVENTS = [
    _STARTED,
    {"event": "gauged", "time": 1.0, "moment": "start", "epoch": 0, "source_agreement": 1.0},
    _EPOCH,
    _EPOCH | {"epoch": 1, "train_loss": 0.5, "train_accuracy": 0.5},
    {"event": "unfrozen", "epoch": 1, "time": 1.0, "frozen": [], "groups": [], "trainable_parameters": 20, "note": ""},
    {"event": "finished", "time": 2.0, "status": "finished", "duration_s": 3.0, "error": None},
]
_RACE = [
    {"event": "started", "runs": 2, "time": 1.0},
    {"event": "member", "number": 0, "run": "x", "time": 1.0},
    {"event": "dropped", "number": 1, "epoch": 1, "words": "a", "time": 1.0},
]
_BEAT = {
    "host": "here",
    "pid": 4_000_000,
    "process_started": 1.0,
    "time": 1.0,
    "state": "running",
    "doing": "epoch 1",
    "fraction": 0.5,
    "seconds_left": 3.0,
}
_OTHERS: dict[str, Any] = {
    "notes.json": {"name": "a", "text": "b", "tags": ["c", "d"]},
    "test.json": {"test_accuracy": 0.5, "images": 3, "epoch": 1, "time": 1.0},
    "heartbeat": _BEAT,
    "resume": {"time": 1.0, "events": 10, "pid": 3, "process_started": 1.0},
    "queue.json": {"order": [1, 0], "cancelled": [1]},
    ".ballast": {"event": "finished", "time": 2.0, "status": "failed", "error": "full"},
}


def settings() -> dict[str, Any]:
    """Return the settings of a sound run."""
    return configure("squeezenet1_1", "photos", "head_only", epochs=2).to_json()


def run_folder(seed: int) -> RunFolder:
    """Make a run in the home, and damage some of its files."""
    chance = random.Random(seed)
    is_race = chance.random() < 0.3
    told = settings()
    if is_race:
        told = {"model": "squeezenet1_1", "data": "photos", "device": "cpu", "sweep": "freeze", "halving": False}
        told["members"] = [settings(), settings()]
    run = create_run("race" if is_race else "finetune", "odd", told)
    config = {"format": 1, "kind": "race" if is_race else "finetune", "created": 1.0, "settings": told}
    sound: dict[str, Any] = {"config.json": config, "events.jsonl": _RACE if is_race else _EVENTS} | _OTHERS
    for name, value in sound.items():
        if name in ("config.json", "events.jsonl") or chance.random() < 0.4:
            is_lines = name == "events.jsonl"
            if chance.random() < 0.5:
                put(chance, run.path / name, damaged(chance, value, is_lines=is_lines))
            else:
                (run.path / name).write_bytes(damaged(random.Random(-1), value, is_lines=is_lines))
    for name in ("predictions.npz", "last.pt", "best.safetensors", "pictures.bin"):
        if chance.random() < 0.4:
            content = arrays(chance) if name == "predictions.npz" else chance.randbytes(chance.choice([0, 9, 400]))
            put(chance, run.path / name, content)
    return run


def run_zip(seed: int) -> bytes:
    """Return the bytes of a run's ZIP in which some is odd: names, kinds, contents, sizes."""
    chance = random.Random(seed)
    buffer = io.BytesIO()
    config = {"format": 1, "kind": "finetune", "created": 1.0, "settings": settings()}
    sound: dict[str, Any] = {"config.json": config, "events.jsonl": _EVENTS, "notes.json": _OTHERS["notes.json"]}
    name = chance.choice(["20260101-000000-run"] * 6 + ["", "..", "/etc", "C:", "猫" * 90, "a/b", "x" * 300, "con"])
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # a name twice is meant
        for called, value in sound.items():
            is_odd = chance.random() < 0.4
            content = damaged(chance if is_odd else random.Random(-1), value, is_lines=called == "events.jsonl")
            info = zipfile.ZipInfo(f"{name}/{called}")
            info.external_attr = chance.choice([0o100644] * 9 + [0o120777, 0o010666, 0o020666]) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)
        if chance.random() < 0.4:
            odd = chance.choice(
                ["../up", "/etc/up", "C:\\up", f"{name}/config.json", "other/config.json", f"{name}/.claim"]
            )
            file.writestr(odd, b"{}")
        if chance.random() < 0.5:
            file.writestr(f"{name}/predictions.npz", arrays(chance))
        if chance.random() < 0.02:
            file.writestr(f"{name}/log.txt", bytes(100_000_000))
    content = buffer.getvalue()
    return bitten(chance, content) if chance.random() < 0.3 else content


def remove(path: Path) -> None:
    """Remove a folder whatever was put into it."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            remove(entry)
        else:
            entry.unlink()
    path.rmdir()
