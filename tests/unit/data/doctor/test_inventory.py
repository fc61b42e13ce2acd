"""Every picture file of a target, the one to keep first."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tlviz.data.doctor.findings import Kind
from tlviz.data.doctor.inventory import take_inventory


def test_training_comes_first_then_the_shorter_name(tmp_path: Path) -> None:
    names = ("train/cat/long name.png", "train/cat/a.png", "train/dog/b.png", "val/cat/a.png", "test/dog/a.png")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    Image.new("RGB", (4, 4)).save(tmp_path / "train/loose.png")
    found = take_inventory(str(tmp_path))
    assert [file.name for file in found.files] == [names[at] for at in (1, 2, 0, 3, 4)]
    assert [file.label for file in found.files] == [0, 1, 0, 0, 1]
    assert found.files[0].read() == (tmp_path / names[1]).read_bytes()
    assert (found.root, found.classes) == (str(tmp_path), ("cat", "dog"))
    assert [(stray.kind, stray.path) for stray in found.strays] == [(Kind.OUTSIDE, str(tmp_path / "train"))]


def test_what_is_no_file_is_read_as_a_picture_all_the_same() -> None:
    from sklearn.datasets import load_digits

    found = take_inventory("digits")
    assert (found.root, found.strays, len(found.files)) == ("digits", (), 1797)
    pixels = np.asarray(Image.open(io.BytesIO(found.files[0].read())))
    assert found.files[0].name == "0/digit 0000"
    assert np.array_equal(pixels[..., 0], np.round(load_digits().images[0] * 255 / 16))
