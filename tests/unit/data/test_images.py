"""A target by its name or folder, ready for use."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.data.images import dataset_title, find_dataset, load_images, open_target
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, open_picture
from tlviz.data.sources import target as module
from tlviz.data.sources.catalogue import DATASETS
from tlviz.data.sources.notes import remember_reading
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.store import datasets_folder
from tlviz.errors import BadDatasetError, UnknownNameError

GEOMETRY = Geometry(16, Fit.PAD, "bilinear", 1.0)
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0)}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Four pictures each of blue, green and red, in folders of these names."""
    for name, colour in COLOURS.items():
        folder = tmp_path / "colours" / name
        folder.mkdir(parents=True)
        for at in range(4):
            Image.new("RGB", (6, 6), colour).save(folder / f"{at}.png")
    return tmp_path / "colours"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | bytes]:
    """The files opened since, in any order."""
    files: list[Path | bytes] = []

    def watched(source: Path | bytes) -> tuple[Image.Image, str | None]:
        files.append(source)
        return open_picture(source)

    monkeypatch.setattr(module, "open_picture", watched)
    return files


def test_a_folder_gives_pixels_labels_and_names(target: Path) -> None:
    images = load_images(str(target), GEOMETRY)
    assert images.classes == ("blue", "green", "red")
    assert images.title == "colours"
    assert images.may_flip is True
    assert isinstance(images.pixels, np.memmap)
    assert images.pixels.dtype == np.uint8
    assert images.pixels.shape == (12, 16, 16, 3)
    assert images.labels.dtype == np.int64
    assert images.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert images.names[:2] == (str(Path("blue/0.png")), str(Path("blue/1.png")))
    assert images.parts == ("",) * 12
    assert images.problems == ()
    for pixels, label in zip(images.pixels, images.labels, strict=True):
        assert (pixels == COLOURS[images.classes[label]]).all()


def test_parts_come_through(target: Path, tmp_path: Path) -> None:
    split = tmp_path / "split"
    split.mkdir()
    target.rename(split / "train")
    (split / "val/red").mkdir(parents=True)
    Image.new("RGB", (6, 6), COLOURS["red"]).save(split / "val/red/x.png")
    images = load_images(str(split), GEOMETRY)
    assert images.parts == ("train",) * 12 + ("val",)
    assert images.labels[-1] == 2


def test_an_unreadable_picture_keeps_the_rest_aligned(target: Path) -> None:
    (target / "blue/0.png").write_bytes(b"broken")
    (target / "green/2.png").write_bytes(b"")
    (target / "empty").mkdir()
    images = load_images(str(target), GEOMETRY)
    assert images.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 4
    assert len(images.pixels) == len(images.names) == len(images.parts) == 10
    assert str(Path("green/2.png")) not in images.names
    for pixels, label, name in zip(images.pixels, images.labels, images.names, strict=True):
        assert (pixels == COLOURS[images.classes[label]]).all()
        assert Path(name).parent.name == images.classes[label]
    assert {(Path(p.path).relative_to(target).as_posix(), p.action) for p in images.problems} == {
        ("empty", "left out"),
        ("blue/0.png", "left out"),
        ("green/2.png", "left out"),
    }


def test_parts_stay_aligned_too(target: Path, tmp_path: Path) -> None:
    (tmp_path / "split/val").mkdir(parents=True)
    target.rename(tmp_path / "split/train")
    (tmp_path / "split/train/red").rename(tmp_path / "split/val/red")
    (tmp_path / "split/train/red").mkdir()
    Image.new("RGB", (6, 6), COLOURS["red"]).save(tmp_path / "split/train/red/0.png")
    (tmp_path / "split/train/blue/1.png").write_bytes(b"broken")
    images = load_images(str(tmp_path / "split"), GEOMETRY)
    assert images.parts == tuple(Path(name).parts[0] for name in images.names)
    assert images.parts == ("train",) * 8 + ("val",) * 4


def test_a_dangling_link_is_left_out(target: Path) -> None:
    (target / "red/gone.png").symlink_to(target / "nowhere.png")
    images = load_images(str(target), GEOMETRY)
    assert len(images.labels) == 12
    assert [Path(problem.path).name for problem in images.problems] == ["gone.png"]


def test_a_second_opening_reads_no_picture(target: Path, opened: list[Path | bytes]) -> None:
    first = load_images(str(target), GEOMETRY)
    assert len(opened) == 12
    second = load_images(str(target), GEOMETRY)
    assert len(opened) == 12
    assert np.array_equal(first.pixels, second.pixels)


def test_a_changed_file_is_seen(target: Path, opened: list[Path | bytes]) -> None:
    load_images(str(target), GEOMETRY)
    changed = target / "blue/3.png"
    Image.new("RGB", (6, 6), (7, 8, 9)).save(changed)
    os.utime(changed, ns=(1, changed.stat().st_mtime_ns + 10**9))
    images = load_images(str(target), GEOMETRY)
    assert opened[12:] == [changed]
    assert images.pixels[3, 8, 8].tolist() == [7, 8, 9]
    assert images.pixels[:, 8, 8].tolist() != [[7, 8, 9]] * 12


def test_a_file_of_the_same_size_but_another_time_is_seen(target: Path, opened: list[Path | bytes]) -> None:
    file = target / "blue/3.png"
    load_images(str(target), GEOMETRY)
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000))
    load_images(str(target), GEOMETRY)
    assert opened[12:] == [file]


def test_a_new_file_is_seen(target: Path) -> None:
    load_images(str(target), GEOMETRY)
    Image.new("RGB", (6, 6), COLOURS["blue"]).save(target / "blue/9.png")
    assert len(load_images(str(target), GEOMETRY).labels) == 13


def test_only_unreadable_pictures_are_refused(target: Path) -> None:
    for file in target.rglob("*.png"):
        file.write_bytes(b"broken")
    with pytest.raises(BadDatasetError, match="None of the 12 pictures can be opened"):
        load_images(str(target), GEOMETRY)


def test_one_readable_class_is_refused(target: Path) -> None:
    for file in [*target.glob("red/*.png"), *target.glob("blue/*.png")]:
        file.write_bytes(b"broken")
    with pytest.raises(BadDatasetError, match=r"Fewer than two classes .*can be opened"):
        load_images(str(target), GEOMETRY)


def test_progress_goes_to_the_end(target: Path) -> None:
    told: list[tuple[int, int]] = []
    load_images(str(target), GEOMETRY, lambda done, total: told.append((done, total)))
    assert told == [(at, 12) for at in range(1, 13)]


@pytest.mark.parametrize(
    ("wrong", "near"), [("photo", "photos"), ("clip-art", "clipart"), ("digit", "digits"), ("Photos", "photos")]
)
def test_an_unknown_name_suggests_near_ones(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_images(wrong, GEOMETRY)
    assert f"called '{wrong}'" in str(caught.value)
    assert near in str(caught.value).split("try one of: ")[1]


def test_a_name_like_nothing_lists_the_first() -> None:
    with pytest.raises(UnknownNameError, match="try one of: aircraft, cifar10, clipart, d"):
        find_dataset("qqqq")


def test_names_and_paths_are_told_apart(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_dataset("photos") is DATASETS["photos"]
    assert find_dataset(str(target)) == target
    assert find_dataset("some/where") == Path("some/where")
    monkeypatch.chdir(target.parent)
    assert find_dataset("colours") == Path("colours")


def test_a_missing_path_is_refused_as_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="does not exist"):
        load_images(str(tmp_path / "nowhere"), GEOMETRY)


def test_titles() -> None:
    assert dataset_title("clipart") == "Clip art"
    assert dataset_title("/data/my pictures") == "my pictures"


@pytest.mark.parametrize("written", ["{}/", "{}/../colours", "~/colours"])
def test_a_folder_may_be_written_in_several_ways(
    target: Path, written: str, monkeypatch: pytest.MonkeyPatch, opened: list[Path | bytes]
) -> None:
    load_images(str(target), GEOMETRY)
    monkeypatch.setenv("HOME", str(target.parent))
    monkeypatch.setenv("USERPROFILE", str(target.parent))
    assert load_images(written.format(target), GEOMETRY).classes == ("blue", "green", "red")
    assert len(opened) == 12  # one folder is decoded once


def test_a_reading_comes_through(target: Path) -> None:
    (target / "notes.txt").touch()
    images = load_images(str(target), GEOMETRY)
    assert images.reading.layout == "3 classes, one folder each"
    assert [left.path for left in images.left_out] == ["notes.txt"]


def test_a_note_is_heeded_in_the_store_only(target: Path, tmp_path: Path) -> None:
    for name in ("secret", "other"):
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        Image.new("RGB", (6, 6)).save(tmp_path / "elsewhere" / name / "1.png")
    note = {
        "root": "../elsewhere",
        "archive": "/x/evil.zip",
        "problems": [{"path": "x", "problem": "y", "action": "z"}],
    }
    (target / ".tlviz.json").write_text(json.dumps(note))
    opened = open_target(str(target))
    assert (opened.title, opened.classes, opened.problems) == ("colours", ("blue", "green", "red"), ())


def test_a_note_in_the_store_leads_to_no_other_folder(target: Path) -> None:
    folder = datasets_folder() / "stored"
    shutil.copytree(target, folder)
    (folder / ".tlviz.json").write_text(json.dumps({"root": "../../.."}))
    assert open_target(str(folder)).names == open_target(str(target)).names


def test_deep_pictures_become_what_the_person_decided_for_all_that_open_the_target(tmp_path: Path) -> None:
    for name, value in (("dim", 1000), ("bright", 2000)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((8, 8), value, np.uint16)).save(tmp_path / name / "0.png")
    found = load_images(str(tmp_path), GEOMETRY)
    assert (found.deep, found.pixels[:, 4, 4, 0].tolist()) == (2, [255, 0])
    assert "deep pictures" not in found.reading.layout
    remember_reading(str(tmp_path), ReadAs(value_range="0:4000"))
    decided = load_images(str(tmp_path), GEOMETRY)
    assert decided.pixels[:, 4, 4, 0].tolist() == [128, 64]
    assert decided.reading.layout == "2 classes, one folder each; deep pictures with values from 0 to 4000"
    again = load_images(str(tmp_path), GEOMETRY, read_as=ReadAs(value_range="0:2000", no_data=1000.0))
    assert again.pixels[:, 4, 4, 0].tolist() == [255, 255]
