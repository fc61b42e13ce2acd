"""Names of what lies beside the pictures of a target."""

from __future__ import annotations

import pytest

from tlviz.data.sources.side_names import (
    is_masks_name,
    is_pictures_name,
    is_system_name,
    may_be_masks_name,
    plain_stem,
    says_no_class,
)


@pytest.mark.parametrize(
    "name",
    ["@eaDir", "@EADIR", "$RECYCLE.BIN", "$Recycle.Bin", "__MACOSX", "System Volume Information", "lost+found",
     "Thumbs", "Thumbs.db", "#recycle", "#snapshot", "@Recycle", "FOUND.000", "RECYCLER", "desktop.ini", "__pycache__"],
)  # fmt: skip
def test_what_is_a_systems_own(name: str) -> None:
    assert is_system_name(name)


@pytest.mark.parametrize("name", ["thumb", "thumbs_up", "found", "recycle", "@home", "#1", "$100", "macos"])
def test_what_may_be_a_class(name: str) -> None:
    assert not is_system_name(name)


@pytest.mark.parametrize(
    "name", ["masks", "Mask", "ground_truth", "GroundTruth", "annots", "train_masks", "image_labels"]
)
def test_masks(name: str) -> None:
    assert is_masks_name(name)
    assert not is_pictures_name(name)


@pytest.mark.parametrize("name", ["no_mask", "with_mask", "masked", "cat", "face_mask"])
def test_no_masks(name: str) -> None:
    assert not may_be_masks_name(name)


@pytest.mark.parametrize("name", ["images", "Image", "imgs", "JPEGImages", "train_images", "photos", "rgb", "images2"])
def test_pictures(name: str) -> None:
    assert is_pictures_name(name)
    assert not may_be_masks_name(name)


@pytest.mark.parametrize(
    ("name", "says_none"),
    [("unknown", True), ("images", True), ("test", True), ("batch_2", True), ("cat", False), ("unknown_cat", False)],
)
def test_what_says_no_class(name: str, says_none: bool) -> None:
    assert says_no_class(name) is says_none


@pytest.mark.parametrize(
    ("picture", "mask"), [("1", "1_mask"), ("img_7", "7"), ("a b", "a_b-gt"), ("scan01", "scan01_segmentation")]
)
def test_the_stems_of_a_picture_and_its_mask_are_the_same(picture: str, mask: str) -> None:
    assert plain_stem(picture) == plain_stem(mask)
