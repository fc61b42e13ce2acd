"""Notes beside a run."""

from __future__ import annotations

import json
from typing import Any

from tlviz.runs.notes import Notes, read_notes, write_notes
from tlviz.runs.store.folder import RunFolder, create_run

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


def make(*events: dict[str, Any], status: str | None = "finished") -> RunFolder:
    run = create_run("finetune", "test", SETTINGS)
    lines = [EPOCH, *events, *([{"event": "finished", "status": status, "duration_s": 2.0}] if status else [])]
    text = "".join(json.dumps({"time": 1.0} | line) + "\n" for line in lines)
    (run.path / "events.jsonl").write_text(text, encoding="utf-8")
    return run


def test_notes_are_kept_tidied_and_never_in_the_way() -> None:
    run = make()
    assert read_notes(run) == Notes()
    write_notes(run, Notes("  my run ", "text\nmore", ("a", " a ", "", "b")))
    assert read_notes(run) == Notes("my run", "text\nmore", ("a", "b"))
    for damaged in (b"{", b"[1]", b'{"name": 1, "tags": "x", "text": null}', b"\xff"):
        (run.path / "notes.json").write_bytes(damaged)
        assert read_notes(run) == Notes()
