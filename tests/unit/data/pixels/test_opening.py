"""Only regular files that begin as pictures are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlviz.data.pixels.pictures import open_picture
from tlviz.data.pixels.signatures import looks_like_picture, why_no_picture
from tlviz.errors import BadPictureError


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_devices_and_folders_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    for name in ("pipe.jpg", "zero.png", "folder.png"):
        with pytest.raises(BadPictureError, match="is not a file, but a folder, a pipe or a device"):
            open_picture(tmp_path / name)
        assert not looks_like_picture(tmp_path / name)
        assert why_no_picture(tmp_path / name) == "is not a file"


def test_a_huge_file_that_is_no_picture_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    with file.open("wb") as out:
        out.truncate(20 * 2**30)
    with pytest.raises(BadPictureError, match="is not a picture"):
        open_picture(file)
    with file.open("r+b") as out:
        out.write(b"\xff\xd8\xff\xe0")
    with pytest.raises(BadPictureError, match=r"too large .21\.5 GB"):
        open_picture(file)
