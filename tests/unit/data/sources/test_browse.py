"""Browsing folders: what each looks like, within bounds, and only what a person may read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tlviz.data.sources import browse
from tlviz.data.sources.browse import Glances, glance, list_folder, tables_beside
from tlviz.errors import BadDatasetError

NAMES = ("with space", 'it\'s "quoted"', "emoji 😀", "n" * 250)


def pictures(folder: Path, count: int = 2) -> None:
    folder.mkdir(parents=True)
    for at in range(count):
        (folder / f"{at}.jpg").touch()


def test_a_folder_looks_as_the_reader_would_read_it(tmp_path: Path) -> None:
    for part in ("Training", "Testing"):
        for name in ("cat", "dog"):
            pictures(tmp_path / "pets" / part / name)
    pictures(tmp_path / "flat")
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    pictures(tmp_path / "listed")
    (tmp_path / "listed" / "labels.csv").touch()
    look = glance(tmp_path / "pets")
    assert look.is_target
    assert look.words == "2 classes in the parts train (Training) and test (Testing); 8 pictures"
    assert glance(tmp_path / "flat") == browse.Look("2 pictures, in no folders of classes")
    assert glance(tmp_path / "empty") == browse.Look("no pictures")
    assert "labels.csv, which may say their classes" in glance(tmp_path / "listed").words
    assert tables_beside(tmp_path / "listed") == ["labels.csv"]
    assert "is not there any more" in glance(tmp_path / "gone").words


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_listed_and_looked_at(name: str, tmp_path: Path) -> None:
    for label in ("a", "b"):
        pictures(tmp_path / name / label)
    assert list_folder(tmp_path).folders == ((name, str(tmp_path / name)),)
    assert glance(tmp_path / name).is_target


def test_hidden_folders_and_circles_of_links_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "b" / "self").symlink_to(tmp_path / "a" / "b" / "self")
    (tmp_path / "away").symlink_to(tmp_path / "a" / "b")
    assert [name for name, _ in list_folder(tmp_path).folders] == ["a", "away"]
    assert list_folder(tmp_path).folders[1][1] == str(tmp_path / "a" / "b"), "where it really is"
    assert list_folder(tmp_path / "a" / "b").folders == ()
    assert not glance(tmp_path).is_target


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert list_folder(tmp_path).folders == ()
    assert list_folder(tmp_path).hidden == 1
    with pytest.raises(BadDatasetError, match="may not be read by you"):
        list_folder(tmp_path / "closed")


def test_a_folder_that_may_not_be_entered_is_counted_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: "closed" not in str(path))
    listing = list_folder(tmp_path)
    assert ([name for name, _ in listing.folders], listing.hidden) == (["open"], 1)


def test_what_is_gone_or_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, words in (("gone", "not there any more"), ("file", "a file, not a folder")):
        with pytest.raises(BadDatasetError, match=words):
            list_folder(tmp_path / name)


def test_a_huge_folder_is_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "huge" / "a", 40)
    pictures(tmp_path / "huge" / "b", 40)
    monkeypatch.setattr(browse, "_GLANCED", 20)
    monkeypatch.setattr(browse, "_FEW", 5)
    look = glance(tmp_path / "huge")
    assert look.is_target
    assert look.words == "2 or more classes, one folder each; over 20 pictures"
    monkeypatch.setattr(browse, "MOST_ENTRIES", 10)
    assert not list_folder(tmp_path / "huge" / "a").is_whole
    assert list_folder(tmp_path / "huge" / "a").pictures == 10


def test_after_its_time_a_list_looks_no_further(tmp_path: Path) -> None:
    glances = Glances(-1)
    begun = time.monotonic()
    assert "open it" in glances.of(str(tmp_path)).words
    assert time.monotonic() - begun < 0.1
