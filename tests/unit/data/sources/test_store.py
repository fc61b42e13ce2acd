"""Stored targets are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.data.images import dataset_title
from tlviz.data.sources.recent import note_recent, rename_recent
from tlviz.data.sources.store import (
    NOTE,
    datasets_folder,
    list_stored,
    made_whole,
    read_note,
    stored,
    stored_title,
    write_note,
)


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


def test_a_copy_is_called_as_what_it_was_copied_from(tmp_path: Path) -> None:
    folder = make("My_pets-3f", ".")
    assert stored_title(folder) == dataset_title("My_pets-3f") == "My_pets-3f"
    write_note(folder, {"archive": "/home/me/My pets.zip"})
    assert stored_title(folder) == dataset_title("My_pets-3f") == dataset_title(str(folder)) == "My pets.zip"
    note_recent(str(folder.resolve()), 2, 8)
    rename_recent(str(folder.resolve()), "pets")
    assert dataset_title("My_pets-3f") == "pets"
    elsewhere = tmp_path / "given"
    elsewhere.mkdir()
    write_note(elsewhere, {"archive": "planted.zip"})
    assert dataset_title(str(elsewhere)) == "given"
