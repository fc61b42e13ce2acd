"""Pictures that a listing leaves out are told, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.doctor.findings import Kind
from tlviz.data.doctor.unused_files import find_strays
from tlviz.data.sources.folder import scan_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a target of two classes with a picture each."""
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "pets" / name / "1.png")
    return tmp_path / "pets"


def strays(root: Path) -> list[tuple[Kind, str, str]]:
    return [
        (stray.kind, Path(stray.path).relative_to(root).as_posix(), stray.problem)
        for stray in find_strays(scan_folder(root))
    ]


def test_what_is_used_hidden_or_no_picture_is_not_told(root: Path) -> None:
    (root / "cat/notes.txt").write_text("hello")
    (root / "cat/.hidden.png").write_bytes((root / "cat/1.png").read_bytes())
    (root / ".thumbs").mkdir()
    (root / ".thumbs/1.png").write_bytes((root / "cat/1.png").read_bytes())
    assert strays(root) == []


def test_pictures_outside_the_classes_are_counted_by_their_folder(root: Path) -> None:
    content = (root / "cat/1.png").read_bytes()
    (root / "1.png").write_bytes(content)
    assert strays(root) == [(Kind.OUTSIDE, ".", "holds a picture that is outside the class folders")]
    (root / "2.png").write_bytes(content)
    assert strays(root) == [(Kind.OUTSIDE, ".", "holds 2 pictures that are outside the class folders")]


def test_pictures_whose_names_hide_them_are_used_or_told_by_their_first_bytes(root: Path) -> None:
    (root / "cat/2").write_bytes((root / "cat/1.png").read_bytes())
    (root / "3").write_bytes((root / "cat/1.png").read_bytes())
    (root / "dog/3.JXL").write_bytes(b"")
    assert strays(root) == [
        (Kind.WRONG_NAME, "3", "is a PNG picture, but its name has another suffix or none"),
        (Kind.WRONG_NAME, "dog/3.JXL", "has a format that is not supported (.jxl)"),
    ]


def test_masks_and_a_systems_folders_are_no_pictures_outside_the_classes(tmp_path: Path) -> None:
    for path in ("cat/images/1", "cat/masks/1", "dog/images/2", "dog/masks/2", "@eaDir/1", "elsewhere"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{path}.png").touch()
    index = scan_folder(tmp_path)
    assert index.classes == ("cat", "dog")
    assert [(found.path, found.kind) for found in find_strays(index)] == [(str(tmp_path), Kind.OUTSIDE)]
