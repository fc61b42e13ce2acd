"""Runs that something happened to, by what it was: a way to damage each."""

from __future__ import annotations

import json

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


CONFIG = json.dumps({"format": 1, "kind": "finetune", "created": 1.7e9, "settings": SETTINGS}).encode()


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
