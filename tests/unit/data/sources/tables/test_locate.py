"""Finding the picture that a cell means, and nothing that it does not mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.data.sources.tables.locate import Index, Locator


@pytest.fixture
def locator(tmp_path: Path) -> Locator:
    folder = tmp_path / "set"
    for name in ("images/a.jpg", "masks/a.png", "images/b.v2.png", "train/c.png", "test/c.png", "deep/er/D.JPG"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return Locator(folder, "train", Index(folder))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("images/a.jpg", "images/a.jpg"),
        ("images\\a.jpg", "images/a.jpg"),
        ("./images/../images/a.jpg", "images/a.jpg"),
        ("a.jpg", "images/a.jpg"),
        ("a", "images/a.jpg"),  # not the mask
        ("A.JPG", "images/a.jpg"),
        ("b.v2", "images/b.v2.png"),  # what follows a dot is no ending
        ("a.dcm", "images/a.jpg"),
        ("er/d.jpg", "deep/er/D.JPG"),
        ("c", "train/c.png"),  # the folder named like the table
        ("other/a.jpg", None),  # another folder of that name might hold another picture
        ("val/c.png", None),
        ("", None),
        ("images", None),
        ("nothing.jpg", None),
        ("x" * 5000, None),
        ("a\0b.jpg", None),
    ],
)
def test_where_a_cell_leads(locator: Locator, written: str, found: str | None) -> None:
    assert locator.locate(written).file == (locator.folder / found if found else None)


def test_the_row_names_the_folder(locator: Locator) -> None:
    assert locator.locate("c", lambda: ["test"]).file == locator.folder / "test/c.png"


def test_two_that_fit_are_told(tmp_path: Path, locator: Locator) -> None:
    found = Locator(locator.folder, "labels", Index(locator.folder)).locate("c")
    assert (found.file, found.why) == (None, "it may be test/c.png and train/c.png")


def test_the_same_beginning_of_all_paths_may_be_missing_here(locator: Locator) -> None:
    written = ["/home/ann/set/images/a.jpg", "/home/ann/set/deep/er/D.JPG"]
    locator.learn(written)
    assert [locator.locate(path).file for path in written] == [
        locator.folder / "images/a.jpg", locator.folder / "deep/er/D.JPG",
    ]  # fmt: skip


def test_a_part_is_never_left_off(locator: Locator) -> None:
    written = ["data/val/c.png", "data/val/c.png"]
    locator.learn(written)
    assert locator.locate(written[0]).file is None
