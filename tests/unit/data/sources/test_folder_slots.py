"""Three ways to read the same folders."""

from __future__ import annotations

from pathlib import Path

from tests.unit.data.sources.test_folder_layout import made
from tlviz.data.sources.folder_slots import arrange, has_parts_inside, named_parts, signature
from tlviz.data.sources.folder_tree import read_tree
from tlviz.data.sources.reading import Layout


def test_readings_that_differ_in_names_only_have_one_signature(tmp_path: Path) -> None:
    top = read_tree(made(tmp_path, "x/cat/1 y/dog/1")).root
    classes, leaves = arrange(top, Layout.CLASSES), arrange(top, Layout.LEAVES)
    assert (classes.classes, leaves.classes) == (["x", "y"], ["cat", "dog"])
    assert signature(classes, top) == signature(leaves, top)
    larger = read_tree(made(tmp_path, "x/fox/1")).root
    assert signature(arrange(larger, Layout.CLASSES), larger) != signature(arrange(larger, Layout.LEAVES), larger)


def test_a_reading_without_two_classes_to_train_is_not_possible(tmp_path: Path) -> None:
    top = read_tree(made(tmp_path, "train/a/1 test/a/1 test/b/1")).root
    assert not arrange(top, Layout.PARTS).is_possible
    assert arrange(top, Layout.CLASSES).is_possible


def test_evaluation_is_a_test_beside_validation(tmp_path: Path) -> None:
    top = read_tree(made(tmp_path, "train/a/1 val/a/1 evaluation/a/1")).root
    assert {Path(path).name: named.part for path, named in named_parts(top.folders).items()} == {
        "train": "train",
        "val": "val",
        "evaluation": "test",
    }


def test_parts_inside_of_classes(tmp_path: Path) -> None:
    assert has_parts_inside(read_tree(made(tmp_path / "a", "cat/train/1 cat/test/1 dog/train/1")).root.folders)
    assert not has_parts_inside(read_tree(made(tmp_path / "b", "cat/train/1 dog/train/1")).root.folders)
    assert not has_parts_inside(read_tree(made(tmp_path / "c", "cat/train/1 cat/test/1 dog/car/1")).root.folders)
