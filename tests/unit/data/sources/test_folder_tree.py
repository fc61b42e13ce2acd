"""Folders read from the disk once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlviz.data.sources import folder_tree
from tlviz.data.sources.folder_tree import read_tree
from tlviz.errors import BadDatasetError


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_folders_and_what_is_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "b/2.png",
        "b/1.png",
        "a/x/1.jpg",
        "a/notes.txt",
        "c/only.txt",
        ".git/1.png",
        "@eaDir/1.png",
        "b/.x.png",
    )
    tree = read_tree(tmp_path)
    assert [(folder.below, folder.pictures, folder.count, folder.others) for folder in tree.root.within()] == [
        ("", (), 3, 0),
        ("a", (), 1, 1),
        ("a/x", ("1.jpg",), 1, 0),
        ("b", ("1.png", "2.png"), 2, 0),
    ]
    assert [(folder.below, folder.others) for folder in tree.empty] == [("c", 1)]
    assert {left.path for left in tree.left_out} == {".git", "@eaDir", "a/notes.txt", "b/.x.png", "c/only.txt"}


def test_the_stores_own_note_is_not_named(tmp_path: Path) -> None:
    write(tmp_path, "a/1.png", ".tlviz.json")
    assert read_tree(tmp_path).left_out == []


def test_a_link_to_a_folder_above_is_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "a/deep/1.png")
    (tmp_path / "a/deep/again").symlink_to(tmp_path / "a", target_is_directory=True)
    tree = read_tree(tmp_path)
    assert tree.root.count == 1
    assert [(left.path, left.reason) for left in tree.left_out] == [
        ("a/deep/again", "a link back to a folder that it lies in")
    ]


def test_links_that_double_at_every_level_end(tmp_path: Path) -> None:
    write(tmp_path, "level0/1.png")
    for at in range(1, 30):
        level = tmp_path / f"level{at}"
        level.mkdir()
        for name in "ab":
            (level / name).symlink_to(tmp_path / f"level{at - 1}", target_is_directory=True)
    tree = read_tree(tmp_path / "level29")
    assert 1 <= tree.root.count <= folder_tree.VISITS
    assert any("links lead to" in left.reason for left in tree.left_out)


def test_very_deep_folders_are_named(tmp_path: Path) -> None:
    write(tmp_path, "/".join(["d"] * 200) + "/1.png")
    tree = read_tree(tmp_path)
    assert tree.root.count == 0
    assert [left.reason for left in tree.left_out] == [f"more than {folder_tree.DEEPEST} folders deep"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    write(tmp_path, "a/1.png")
    os.mkfifo(tmp_path / "a/2.png")
    (tmp_path / "a/3.png").symlink_to("/dev/zero")
    tree = read_tree(tmp_path)
    assert tree.root.count == 1
    assert [(left.path, left.reason) for left in tree.left_out] == [
        ("a/2.png", "a pipe or a device, not a file"),
        ("a/3.png", "a pipe or a device, not a file"),
    ]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="does not exist"):
        read_tree(tmp_path / "nowhere")
