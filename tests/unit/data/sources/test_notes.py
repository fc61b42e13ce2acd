"""Exclusions are remembered with the target, outside its folder, and leave nothing out of step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.data.images import leave_out, load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources import target as module
from tlviz.data.sources.notes import exclude, excluded_names, include, notes_path
from tlviz.errors import BadDatasetError, StorageError

GEOMETRY = Geometry(8, Fit.PAD, "bilinear", 1.0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return a target whose pictures are filled with their number: 0 to 3 dark, 4 to 7 light."""
    for at in range(8):
        folder = tmp_path / "target" / ("dark" if at < 4 else "light")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (at, at, at)).save(folder / f"{at}.png")
    return tmp_path / "target"


def name(text: str) -> str:
    return str(Path(text))


def test_they_are_remembered_and_forgotten(target: Path) -> None:
    before = sorted(target.rglob("*"))
    exclude(str(target), {name("dark/1.png"): "blurred"})
    exclude(str(target), {name("light/6.png"): ""})
    assert excluded_names(str(target)) == {name("dark/1.png"): "blurred", name("light/6.png"): ""}
    include(str(target), [name("dark/1.png"), "never there"])
    assert excluded_names(str(target)) == {name("light/6.png"): ""}
    assert sorted(target.rglob("*")) == before


def test_every_way_to_the_folder_finds_the_same_list(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exclude(str(target), {name("dark/1.png"): ""})
    (tmp_path / "link").symlink_to(target, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for way in (f"{target}/", str(tmp_path / "link"), "./target", f"{target}/../target"):
        assert list(excluded_names(way)) == [name("dark/1.png")]
    assert excluded_names(str(tmp_path)) == {}
    assert excluded_names("photos") == {}


def test_the_rest_stays_aligned_and_nothing_is_decoded_again(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_images(str(target), GEOMETRY)
    assert whole.excluded == ()
    assert isinstance(whole.pixels, np.memmap)
    exclude(str(target), {name("dark/1.png"): "", name("light/6.png"): "", "gone.png": ""})

    def refuse(source: Path) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(module, "open_picture", refuse)
    images = load_images(str(target), GEOMETRY)
    assert images.excluded == (name("dark/1.png"), name("light/6.png"))
    assert images.names == tuple(name(n) for n in ("dark/0.png", "dark/2.png", "dark/3.png", "light/4.png",
                                                   "light/5.png", "light/7.png"))  # fmt: skip
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images.pixels[:, 4, 4, 0].tolist() == [0, 2, 3, 4, 5, 7]
    assert len(images.parts) == len(images.pixels) == 6


def test_the_digits_can_be_excluded_too() -> None:
    exclude("digits", {"0/digit 0000": "unclear"})
    images = load_images("digits", GEOMETRY)
    assert (len(images.pixels), images.excluded) == (1796, ("0/digit 0000",))


def test_a_target_with_one_class_left_is_refused(target: Path) -> None:
    exclude(str(target), {name(f"dark/{at}.png"): "" for at in range(4)})
    with pytest.raises(BadDatasetError, match="not excluded"):
        load_images(str(target), GEOMETRY)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"excluded": [1]}', b"{"])
def test_a_damaged_list_is_no_empty_list(target: Path, content: bytes) -> None:
    exclude(str(target), {name("dark/1.png"): ""})
    notes_path(str(target)).write_bytes(content)
    with pytest.raises(StorageError, match="cannot be read"):
        load_images(str(target), GEOMETRY)


def test_the_list_says_which_folder_it_is_for(target: Path) -> None:
    exclude(str(target), {name("dark/1.png"): ""})
    assert json.loads(notes_path(str(target)).read_bytes())["root"] == str(target.resolve())


def test_leaving_out_twice_is_leaving_out_both(target: Path) -> None:
    whole = load_images(str(target), GEOMETRY)
    once = leave_out(whole, {name("dark/0.png")})
    assert leave_out(once, {name("dark/2.png")}).pixels[:, 0, 0, 0].tolist() == [1, 3, 4, 5, 6, 7]
