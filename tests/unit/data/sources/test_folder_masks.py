"""Masks beside pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.unit.data.sources.test_folder_layout import made
from tlviz.data.sources.folder import scan_folder
from tlviz.data.sources.folder_masks import find_masks, take_masks_away
from tlviz.data.sources.folder_tree import read_tree
from tlviz.data.sources.reading import Layout, ReadAs


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


@pytest.mark.parametrize(
    ("names", "masks"),
    [
        ("a.png a_mask.png b.png b_mask.png", {"a_mask.png": "a.png", "b_mask.png": "b.png"}),
        ("benign_(1).png benign_(1)_mask.png benign_(1)_mask_1.png", {
            "benign_(1)_mask.png": "benign_(1).png", "benign_(1)_mask_1.png": "benign_(1).png",
        }),
        ("ISIC_1.jpg ISIC_1_Segmentation.png", {"ISIC_1_Segmentation.png": "ISIC_1.jpg"}),
        ("a.jpg a-seg.png a_GT.png mask_a.png", {"a-seg.png": "a.jpg", "a_GT.png": "a.jpg", "mask_a.png": "a.jpg"}),
        ("7.tif 7_labelIds.tif 7_ground_truth.tif", {"7_labelIds.tif": "7.tif", "7_ground_truth.tif": "7.tif"}),
        ("mask_001.png mask_002.png", {}),
        ("mask.png a.png", {}),
        ("face_mask.png face_mask_2.png", {}),
        ("a.png b_mask.png", {}),
        ("label.png labels.png seg_label.png", {}),
        ("a.png a_2.png a_small.png", {}),
    ],
)  # fmt: skip
def test_masks_beside_their_pictures_are_known_by_their_names(
    tmp_path: Path, names: str, masks: dict[str, str]
) -> None:
    for name in names.split():
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    whole, found = take_masks_away(read_tree(tmp_path).root)
    assert found == masks
    assert set(whole.pictures) == set(names.split()) - set(masks)
    assert whole.count == len(whole.pictures)


def test_masks_in_the_folders_of_the_classes_train_nothing_and_are_named(tmp_path: Path) -> None:
    for name in ("benign", "malignant"):
        (tmp_path / name).mkdir()
        for at in range(3):
            Image.new("RGB", (8, 8), (at, 0, 0)).save(tmp_path / name / f"{name} ({at}).png")
            Image.new("L", (8, 8), 255).save(tmp_path / name / f"{name} ({at})_mask.png")
    index = scan_folder(tmp_path)
    assert [file.name for file in index.files] == [f"{n} ({at}).png" for n in index.classes for at in range(3)]
    assert [one.path for one in index.left_out] == [
        f"{name}/{name} ({at})_mask.png" for name in index.classes for at in range(3)
    ]
    assert {one.reason for one in index.left_out[:1]} == {"a mask of benign (0).png beside it"}
    assert len(scan_folder(tmp_path, read_as=ReadAs(layout=Layout.CLASSES)).files) == 12, "as the person says"


def test_a_folder_may_be_spared(tmp_path: Path) -> None:
    root = read_tree(made(tmp_path, "images/1 masks/1")).root
    assert find_masks(root, spared=root.path) == {}
