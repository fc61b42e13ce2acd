"""What the check of an export asks of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tlviz.data.pixels.ingest import Source
from tlviz.export.picture_side import item_file, odd_items


def test_a_picture_has_its_file_or_gets_one_without_loss(tmp_path: Path) -> None:
    picture = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    picture.save(tmp_path / "a.png")
    assert item_file(Source("a", "1", lambda: (picture, None), tmp_path / "a.png"), tmp_path / "0") == (
        tmp_path / "a.png",
        False,
    )
    path, is_written = item_file(Source("b", "1", lambda: (picture, None), None), tmp_path / "items" / "0")
    assert is_written
    assert np.array_equal(np.asarray(Image.open(path)), np.asarray(picture))
    assert len(odd_items([path], tmp_path / "odd")) > 10
