"""A target before it is decoded: what it says, and that only a sample is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tlviz.data import preview
from tlviz.data.preview import MOST_CLASSES, PER_CLASS, SIDE, as_jpeg, preview_target
from tlviz.errors import BadDatasetError


def fill(root: Path, classes: int, pictures: int, part: str = "") -> None:
    for label in range(classes):
        folder = root / part / f"class {label:02d}"
        folder.mkdir(parents=True)
        for at in range(pictures):
            Image.new("RGB", (200, 100), (label * 9, at, 0)).save(folder / f"patient{at // 2}_{at}.jpg")


def test_parts_classes_groups_and_a_sample_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 10, 8, "Training")
    fill(tmp_path, 10, 2, "Testing")
    opened = []
    read = preview.read_file
    monkeypatch.setattr(preview, "read_file", lambda path: opened.append(path) or read(path))
    found = preview_target(str(tmp_path))
    assert {part: sum(counts) for part, counts in found.counts.items()} == {"train": 80, "test": 20}
    assert [(count, len(squares)) for _, count, squares in found.wall] == [(10, PER_CLASS)] * MOST_CLASSES
    assert len(opened) == MOST_CLASSES * PER_CLASS, "100 pictures, and no more than the sample was opened"
    assert found.wall[0][2][0].size == (SIDE, SIDE)
    assert as_jpeg(found.wall[0][2])[:2] == b"\xff\xd8"
    assert found.hints[0].option == "group_pattern"
    assert not found.groups


def test_a_damaged_picture_of_the_sample_is_named(tmp_path: Path) -> None:
    fill(tmp_path, 2, 3)
    (tmp_path / "class 00" / "patient0_0.jpg").write_bytes(b"\xff\xd8\xff broken")
    found = preview_target(str(tmp_path))
    assert [name for name, _ in found.damaged] == ["class 00/patient0_0.jpg"]
    assert len(found.wall[0][2]) == 2


def test_what_vanishes_between_listing_and_opening_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 2, 2)
    opened = preview.open_target

    def then_gone(name: str, **options: bool) -> object:
        target = opened(name, **options)
        for path in tmp_path.rglob("*.jpg"):
            path.unlink()
        return target

    monkeypatch.setattr(preview, "open_target", then_gone)
    found = preview_target(str(tmp_path))
    assert len(found.damaged) == 4
    assert [squares for _, _, squares in found.wall] == [[], []]


def test_a_slow_disk_gives_fewer_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 2, 2)
    monkeypatch.setattr(preview, "DECODE_S", -1)
    assert [squares for _, _, squares in preview_target(str(tmp_path)).wall] == [[], []]


def test_a_folder_without_pictures_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="holds no pictures"):
        preview_target(str(tmp_path))
