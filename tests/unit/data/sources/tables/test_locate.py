"""Finding the picture that a cell means, and nothing that it does not mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.data.sources.tables import locate as module
from tlviz.data.sources.tables.locate import Index, Listings, Locator


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
@pytest.mark.parametrize("many", [2000, 0])
def test_where_a_cell_leads(
    locator: Locator, written: str, found: str | None, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MANY", many)  # 0: folders are listed, as for a table of many paths
    assert locator.locate(written).file == (locator.folder / found if found else None)


@pytest.mark.parametrize(
    ("written", "is_there"),
    [
        ("images/a.jpg", True), ("images/b.jpg", False), ("images", False), ("", None), ("./images/a.jpg", None),
        ("images//a.jpg", None), ("images/../images/a.jpg", None), ("gone/a.jpg", False), ("images/a.jpg/x", False),
        ("images\\a.jpg", None), ("a/" * 60 + "x", None), ("link.jpg", True), ("dead.jpg", False),
    ],
)  # fmt: skip
def test_listings_say_what_is_there_as_the_disk_does(locator: Locator, written: str, is_there: bool | None) -> None:
    (locator.folder / "link.jpg").symlink_to(locator.folder / "images/a.jpg")
    (locator.folder / "dead.jpg").symlink_to(locator.folder / "nowhere.jpg")
    listings = Listings(str(locator.folder))
    assert listings.has_file(written) is is_there
    assert listings.has_file(f"{locator.folder}/{written}") is (is_there if written else False)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("7", "images/0007.jpg"),
        ("7.0", "images/0007.jpg"),  # a column with a blank is one of floats
        ("07.png", "images/0007.jpg"),
        ("0007", "images/0007.jpg"),
        ("images/7", "images/0007.jpg"),
        ("12", "images/12.jpg"),  # as written, before any other
        ("0", "images/000.jpg"),
        ("7.5", None),
        ("70", None),
        ("other/7", None),
        ("-7", None),
        ("1e1", None),
    ],
)
def test_zeros_in_front_that_a_table_has_lost(tmp_path: Path, written: str, found: str | None) -> None:
    for name in ("images/0007.jpg", "masks/0007.png", "images/12.jpg", "images/012.jpg", "images/000.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    locator = Locator(tmp_path, "labels", Index(tmp_path))
    one = locator.locate(written)
    assert one.file == (tmp_path / found if found else None)
    if written == "7":
        assert one.way == "in images as .jpg with the zeros that their numbers have lost"


def test_numbers_that_fit_several_pictures_are_told(tmp_path: Path) -> None:
    for name in ("07.jpg", "007.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert Locator(tmp_path, "labels", Index(tmp_path)).locate("7").is_ambiguous


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
