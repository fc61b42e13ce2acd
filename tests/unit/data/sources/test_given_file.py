"""A file that is given as a target and can be none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tlviz.data.images import open_target
from tlviz.errors import BadDatasetError

NAMES = {
    "labels.xlsx": "is a spreadsheet, not a folder; save its sheet of paths and labels as CSV",
    "labels.XLS": "is a spreadsheet",
    "labels.ods": "is a spreadsheet",
    "photos.rar": "is an archive of a kind that is not opened here, not a folder; unpack it",
    "photos.7z": "is an archive of a kind that is not opened here",
    "photos.tar.zst": "is an archive of a kind that is not opened here",
    "photos.gz": "is an archive of a kind that is not opened here",
    "labels.json": "is a JSON file, not a folder; give a folder with one sub-folder of pictures a class",
    "labels.jsonl": "holds no line with a JSON object",
    "labels.parquet": "is a file of data that is not read here",
    "labels.xml": "is a file of data that is not read here",
    "photo.jpg": "is a single picture, not a folder; give the folder above",
    "photo.HEIC": "is a single picture",
    "model.safetensors": "is a file of a network's weights",
    "film.mp4": "is a film",
    "notes.pdf": "is a document",
    "notes.md": "is a document",
    "thing.xyz": "is a file that ends in .xyz",
    "thing": "is a file without an ending",
}


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert NAMES[name] in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"PK\x03\x04rest", "a ZIP archive by its content, not a folder; give it a name that ends in .zip"),
        (b"Rar!\x1a", "an archive of a kind"),
        (b"\x1f\x8brest", "packed with gzip"),
        (b'{"a": 1}', "a JSON file"),
        (b"", "an empty file"),
    ],
)
def test_a_file_without_an_ending_is_known_by_its_first_bytes(tmp_path: Path, start: bytes, words: str) -> None:
    (tmp_path / "thing").write_bytes(start)
    assert words in refusal(tmp_path / "thing")


def test_a_picture_without_an_ending(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "thing", "PNG")
    assert "is a single picture" in refusal(tmp_path / "thing")


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert "is a link that leads nowhere" in refusal(tmp_path / "gone")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["pipe", "pipe.csv", "pipe.zip", "pipe.jpg"])
def test_a_pipe_is_never_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert "is a pipe, a socket or a device" in refusal(tmp_path / name)


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "labels.xlsx" / name).mkdir(parents=True)
        (tmp_path / "labels.xlsx" / name / "1.png").touch()
    assert open_target(str(tmp_path / "labels.xlsx")).classes == ("a", "b")


def refusal(path: Path) -> str:
    with pytest.raises(BadDatasetError) as caught:
        open_target(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert str(path) in message
    return message
