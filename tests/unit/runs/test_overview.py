"""The overview of all runs and its memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.runs.odd_runs import ODD
from tlviz.cli import main
from tlviz.home import cache_folder
from tlviz.runs import overview as overview_module
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.overview import all_tags, disk_use, overview, search
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.summary import summarise

EPOCH = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.75, "duration_s": 1.0, "images_per_s": 9.0}


SETTINGS = {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "seed": 3}


def make(*events: dict[str, Any], status: str | None = "finished") -> RunFolder:
    run = create_run("finetune", "test", SETTINGS)
    lines = [EPOCH, *events, *([{"event": "finished", "status": status, "duration_s": 2.0}] if status else [])]
    text = "".join(json.dumps({"time": 1.0} | line) + "\n" for line in lines)
    (run.path / "events.jsonl").write_text(text, encoding="utf-8")
    return run


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
