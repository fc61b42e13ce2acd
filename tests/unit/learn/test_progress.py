"""Ticks, started runs and answers survive, and a damaged file costs nothing but them."""

from __future__ import annotations

from pathlib import Path

from tlviz.learn.progress import answer, answers, done_cards, note_started, started_run, tick


def test_what_is_noted_is_read_again(home: Path) -> None:
    assert done_cards() == {}
    tick("a", is_done=True)
    tick("b", is_done=True)
    tick("a", is_done=False)
    note_started("a", "photos", "run-1")
    answer("lesson", "predict", "It's “so” – ü \ud800")
    assert list(done_cards()) == ["b"]
    assert started_run("a", "photos") == "run-1"
    assert started_run("a", "digits") is None
    assert answers("lesson")["predict"].startswith("It's “so” – ü")
    assert [path.name for path in (home / "learn").iterdir() if path.suffix != ".lock"] == ["progress.json"]


def test_a_damaged_file_begins_anew(home: Path) -> None:
    (home / "learn").mkdir(parents=True)
    for text in ("{", "[]", '{"done": 3, "answers": [1], "started": {"a": 1}}'):
        (home / "learn" / "progress.json").write_text(text)
        assert done_cards() == {}
        assert answers("lesson") == {}
        assert started_run("a", "b") is None
        tick("a", is_done=True)
        assert list(done_cards()) == ["a"]
