"""Stored targets are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.data.sources.store import NOTE, datasets_folder, list_stored, made_whole, read_note, stored, write_note


def make(name: str, text: str) -> Path:
    folder = datasets_folder() / name
    with made_whole(folder) as partial:
        assert partial.parent == folder.parent
        assert not folder.exists()
        (partial / "1.txt").write_text(text)
        write_note(partial, {"root": text})
    return folder


def test_what_is_made_is_found_by_name() -> None:
    assert list_stored() == []
    two, one = make("two", "b"), make("one", "a")
    assert list_stored() == [one, two]
    assert stored("one") == one
    assert read_note(one) == {"root": "a"}
    assert sorted(entry.name for entry in datasets_folder().iterdir()) == ["one", "two"]


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "inner/one", "../datasets/one"])
def test_a_name_cannot_lead_elsewhere(name: str) -> None:
    for path in ("one", ".hidden", "inner/one"):
        make(path, "a")
    write_note(datasets_folder(), {})
    assert stored(name) is None


def test_an_error_leaves_nothing() -> None:
    with pytest.raises(KeyboardInterrupt), made_whole(datasets_folder() / "one") as partial:
        (partial / "1.txt").write_text("half")
        raise KeyboardInterrupt
    assert list(datasets_folder().iterdir()) == []


def test_what_another_process_stored_meanwhile_stays() -> None:
    with made_whole(datasets_folder() / "one") as partial:
        write_note(partial, {"root": "late"})
        make("one", "first")
    assert read_note(datasets_folder() / "one") == {"root": "first"}
    assert [entry.name for entry in datasets_folder().iterdir()] == ["one"]


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff"])
def test_a_damaged_note_says_nothing(content: bytes) -> None:
    folder = make("one", "a")
    (folder / NOTE).write_bytes(content)
    assert read_note(folder) == {}
    (folder / NOTE).unlink()
    assert stored("one") is None
