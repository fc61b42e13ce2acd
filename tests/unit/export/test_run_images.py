"""A run's images are opened as they were parted then, or it is said why not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tlviz.errors import BadDatasetError
from tlviz.export.bundle import read_header
from tlviz.export.run_images import load_run_images
from tlviz.runs.store.folder import RunFolder


def test_images_come_with_the_runs_own_split_and_settings(run: RunFolder) -> None:
    header = read_header(run.weights)
    here = load_run_images(header)
    assert here.images.classes == ("blue", "red")
    assert here.images.pixels.shape == (48, 64, 64, 3)
    assert here.config.to_json() == json.loads(json.dumps(header.training["settings"]))
    rows = np.concatenate([here.split.train, here.split.validation, here.split.test])
    assert len(set(rows.tolist())) == len(rows) == 48
    other = replace(header, training={"settings": {**header.training["settings"], "seed": 1}})
    assert load_run_images(other).split.validation.tolist() != here.split.validation.tolist()


def test_copies_of_a_picture_stay_in_one_part(run: RunFolder) -> None:
    header = read_header(run.weights)
    plain = load_run_images(header)
    names = plain.images.names
    pair = [names[plain.split.train[0]], names[plain.split.validation[0]]]
    here = load_run_images(replace(header, training={**header.training, "copies": [pair]}))
    parts = [{names[at] for at in part} for part in (here.split.train, here.split.validation, here.split.test)]
    assert sum(bool(part & set(pair)) for part in parts) == 1


def test_other_classes_than_then_are_refused(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    (tmp_path / "data" / "red").rename(tmp_path / "data" / "crimson")
    with pytest.raises(BadDatasetError, match="have changed since the run was trained"):
        load_run_images(header)
