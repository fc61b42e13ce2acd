"""The split that a script reads is the run's very own, picture by picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.errors import BadDatasetError
from tlviz.export import split_file as module
from tlviz.export.bundle import read_header
from tlviz.export.run_images import RunImages, load_run_images
from tlviz.export.split_file import split_file
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import RunFolder


def digits() -> RunImages:
    config = configure("squeezenet1_1", "digits", "head_only", image_size=64)
    classes = tuple("0123456789")
    header = read_header_of(config.to_json(), classes)
    return load_run_images(header)


def read_header_of(settings: dict[str, object], classes: tuple[str, ...]):  # noqa: ANN201 (a header of these)
    from tlviz.export.bundle import Bundle

    return Bundle("squeezenet1_1", "torchvision", classes, {}, {"settings": settings})


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


def test_a_target_without_files_is_written_as_files() -> None:
    here = digits()
    made = split_file(here)
    assert made.root is None
    pictures = dict(made.pictures())
    said = json.loads(made.content)["pictures"]
    assert len(pictures) == len(said) == 1797
    import io

    picture = np.asarray(Image.open(io.BytesIO(pictures[said[0]["path"]])).convert("RGB"))
    assert picture.shape == (8, 8, 3)
    assert picture.max() > 200


def test_too_many_pictures_without_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    here = digits()
    monkeypatch.setattr(module, "MOST_WRITTEN", 1000)
    with pytest.raises(BadDatasetError, match="1,797 pictures of Digits are no files of their own"):
        split_file(here)
