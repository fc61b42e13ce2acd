"""The split that a script reads is the run's very own, picture by picture."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.errors import BadDatasetError
from tlviz.export import split_file as module
from tlviz.export.bundle import Bundle, read_header
from tlviz.export.run_images import load_run_images
from tlviz.export.split_file import split_file
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import RunFolder


def test_every_picture_is_named_with_its_class_and_its_part(run: RunFolder) -> None:
    here = load_run_images(read_header(run.weights))
    made = split_file(here)
    said = json.loads(made.content)
    assert said["classes"] == ["blue", "red"]
    assert made.root is not None
    for at, picture in enumerate(said["pictures"]):
        assert (made.root / picture["path"]).is_file()
        assert Path(picture["path"]).parent.name == said["classes"][picture["label"]]
        part = "train" if at in here.split.train else "validation"
        assert picture["part"] == part
    assert not list(made.pictures())


def test_pictures_that_do_not_train_are_in_no_part(run: RunFolder) -> None:
    here = load_run_images(read_header(run.weights))
    few = replace(here, split=replace(here.split, train=here.split.train[:5]))
    parts = [picture["part"] for picture in json.loads(split_file(few).content)["pictures"]]
    assert (parts.count("train"), parts.count("")) == (5, len(here.split.train) - 5)


def test_a_target_without_files_is_written_as_files_unless_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = configure("squeezenet1_1", "digits", "head_only", image_size=64).to_json()
    here = load_run_images(Bundle("squeezenet1_1", "torchvision", tuple("0123456789"), {}, {"settings": settings}))
    made = split_file(here)
    assert made.root is None
    pictures = dict(made.pictures())
    said = json.loads(made.content)["pictures"]
    assert len(pictures) == len(said) == 1797
    picture = np.asarray(Image.open(io.BytesIO(pictures[said[0]["path"]])).convert("RGB"))
    assert picture.shape == (8, 8, 3)
    assert picture.max() > 200
    monkeypatch.setattr(module, "MOST_WRITTEN", 1000)
    with pytest.raises(BadDatasetError, match="1,797 pictures of Digits are no files of their own"):
        split_file(here)
