"""Masks beside pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.data.sources.test_folder_layout import made
from tlviz.data.sources.folder_masks import find_masks
from tlviz.data.sources.folder_tree import read_tree


@pytest.mark.parametrize(
    ("words", "masks"),
    [
        ("images/1 masks/1", {"masks": "images"}),
        ("images/1 masks/2", {"masks": "images"}),
        ("images/1 outputs/1", {"outputs": "images"}),
        ("images/1 outputs/2", {}),
        ("images/1 masks/1_mask cat/3", {"masks": "images"}),
        ("images/1 masks/2 cat/3", {}),
        ("cat/images/1 cat/masks/1 dog/1", {"masks": "images"}),
        ("train_images/1 train_masks/1", {"train_masks": "train_images"}),
        ("train_img/1 train_gt/1 test_img/2 test_gt/2", {"train_gt": "train_img", "test_gt": "test_img"}),
        ("train_images/1 test_masks/1", {}),
        ("mask/1 no_mask/1", {}),
        ("cat/1 dog/1", {}),
    ],
)  # fmt: skip
def test_masks_are_found_by_names_and_files(tmp_path: Path, words: str, masks: dict[str, str]) -> None:
    found = find_masks(read_tree(made(tmp_path / "target", words)).root)
    assert {Path(path).name: of for path, of in found.items()} == masks


def test_a_folder_may_be_spared(tmp_path: Path) -> None:
    root = read_tree(made(tmp_path, "images/1 masks/1")).root
    assert find_masks(root, spared=root.path) == {}
