"""What lies in a folder instead of classes is said, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.data.sources.folder_refusals import refuse_beside, refuse_detection
from tlviz.data.sources.folder_tree import read_tree
from tlviz.errors import BadDatasetError


def test_an_archive_without_pictures_beside_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"PK")
    with pytest.raises(BadDatasetError, match=r"holds no pictures, but photos\.zip; give that file"):
        refuse_beside("The folder", read_tree(tmp_path))


def test_pictures_beside_their_masks_are_no_classes(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="pictures in images and what belongs to them in masks"):
        refuse_detection("The folder", read_tree(tmp_path), {"/data/masks": "images"})
