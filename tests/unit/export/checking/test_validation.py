"""The pictures that validated a run are found again as files, whatever its target keeps them in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.data.images import open_target
from tlviz.export.bundle import Bundle, read_header
from tlviz.export.checking.validation import NothingToCheckError, find_validation
from tlviz.export.run_images import load_run_images
from tlviz.finetune.config import configure
from tlviz.measures.paired import pack_hits
from tlviz.medium import Medium
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import RunFolder


def quiet(*_: object) -> None:
    """Take progress and say nothing."""


def note(run: RunFolder, header: Bundle, names: list[str], labels: list[int]) -> None:
    """Note which pictures validated a run, as a run does."""
    logits = np.zeros((len(names), len(header.classes)), np.float32)
    write_answers(run, Answers(1, header.classes, tuple(names), np.array(labels, np.int64), logits))


def test_files_are_the_original_ones_in_the_runs_own_part(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    found = find_validation(run, header, Medium.PICTURES, tmp_path / "scratch", quiet)
    here = load_run_images(header)
    names = [here.images.names[at] for at in here.split.validation]
    assert list(found.names) == names
    assert [path.relative_to(tmp_path / "data").as_posix() for path in found.paths] == names
    assert found.labels == tuple(here.images.labels[here.split.validation])
    assert (found.of, found.right, found.notes) == (10, None, ())
    assert not (tmp_path / "scratch").exists()


def test_a_target_in_arrays_becomes_pictures_without_loss(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    settings = configure("squeezenet1_1", "digits", "head_only", image_size=64).to_json()
    target = open_target("digits")
    header = replace(header, classes=target.classes, training={"epoch": 1, "settings": settings})
    note(run, header, list(target.names[:3]), target.labels[:3].tolist())
    found = find_validation(run, header, Medium.PICTURES, tmp_path / "scratch", quiet)
    for path, source in zip(found.paths, target.sources, strict=False):
        assert np.array_equal(np.asarray(Image.open(path)), np.asarray(source.open()[0]))
    [said] = found.notes
    assert "in arrays; they were written as PNG" in said


def test_what_the_run_recorded_goes_before_a_part_drawn_anew(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    note(run, header, ["red/3.png", "blue/4.png", "red/5.png"], [1, 0, 1])
    hits = pack_hits(np.array([True, False, True]))
    line = '{"event": "epoch", "time": 1, "epoch": 1, "val_loss": 1, "val_accuracy": 0.67, "duration_s": 1, '
    (run.path / "events.jsonl").write_text(f'{line}"images_per_s": 1, "val_hits": "{hits}"}}\n')
    (tmp_path / "data" / "blue" / "4.png").unlink()
    found = find_validation(run, header, Medium.PICTURES, tmp_path, quiet)
    assert (found.names, found.labels, found.right, found.of) == (("red/3.png", "red/5.png"), (1, 1), (True, True), 3)
    assert found.notes == ("2 of 3 validation pictures are still there; the others are gone.",)


def test_a_part_that_had_to_be_drawn_anew_is_said(run: RunFolder, tmp_path: Path) -> None:
    line = '{"event": "started", "time": 1, "pictures": "another digest"}\n'
    (run.path / "events.jsonl").write_text(line)
    (tmp_path / "data" / "blue" / "4.png").unlink()
    found = find_validation(run, read_header(run.weights), Medium.PICTURES, tmp_path, quiet)
    assert found.right is None
    assert "a part drawn anew was used" in found.notes[-1]


def test_nothing_left_is_one_sentence(run: RunFolder, tmp_path: Path) -> None:
    header = read_header(run.weights)
    note(run, header, ["red/100.png"], [1])
    with pytest.raises(NothingToCheckError, match=r"None of the 1 validation pictures of .* is where it was"):
        find_validation(run, header, Medium.PICTURES, tmp_path, quiet)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(NothingToCheckError, match="cannot be opened any more"):
        find_validation(run, header, Medium.PICTURES, tmp_path, quiet)
