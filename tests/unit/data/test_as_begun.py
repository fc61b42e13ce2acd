"""A target as a run began with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.painted import paint
from tlviz.data.as_begun import as_trained, load_as_begun, open_as_begun
from tlviz.data.images import load_images, open_target
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources import target as target_module
from tlviz.data.sources.reading import GUESSED, Layout, ReadAs

GEOMETRY = Geometry(8, Fit.PAD, "bilinear", 1.0)


@pytest.fixture
def parts(tmp_path: Path) -> str:
    """Return a folder of two parts with two classes, which earlier versions took for classes."""
    for seed, path in enumerate(("Training/a", "Training/b", "Testing/a", "Testing/b")):
        (tmp_path / path).mkdir(parents=True)
        paint(seed, 12, 12).save(tmp_path / path / "1.png")
    return str(tmp_path)


def test_classes_are_numbered_as_a_run_did(parts: str) -> None:
    images = load_images(parts, GEOMETRY)
    before = as_trained(images, ["b", "a"])
    assert before.classes == ("b", "a")
    assert [before.classes[label] for label in before.labels] == [images.classes[label] for label in images.labels]
    assert as_trained(images, images.classes) is images
    assert as_trained(images, ["a", "pink"]) is images


def test_parts_that_were_taken_for_classes_still_are(parts: str) -> None:
    assert open_target(parts).classes == ("a", "b")
    assert open_as_begun(parts, GUESSED, ["Testing", "Training"]).classes == ("Testing", "Training")
    assert open_as_begun(parts, GUESSED, ["a", "b"]).parts == open_target(parts).parts
    assert open_as_begun(parts, GUESSED, ["x", "y"]).classes == ("a", "b"), "as it is read now"
    assert open_as_begun(parts, ReadAs(layout=Layout.LEAVES), ["x"]).classes == ("a", "b"), "the person's own reading"


def test_a_run_is_loaded_as_it_began_and_a_new_one_as_it_is(parts: str) -> None:
    assert load_as_begun(parts, GEOMETRY, GUESSED, ["Training", "Testing"]).classes == ("Training", "Testing")
    assert load_as_begun(parts, GEOMETRY, GUESSED, ()).classes == ("a", "b")


def test_a_table_whose_classes_have_changed_is_read_as_it_is(parts: str, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("path,label\nTraining/a/1.png,x\nTraining/b/1.png,y\n", encoding="utf-8")
    assert open_as_begun(str(table), GUESSED, ["then", "there"]).classes == ("x", "y")


def test_what_is_read_as_then_is_listed_once(parts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[int] = []
    stamp = target_module._stamp

    def count(file: str, real: str) -> str:
        listed.append(1)
        return stamp(file, real)

    monkeypatch.setattr(target_module, "_stamp", count)
    load_as_begun(parts, GEOMETRY, GUESSED, ["a", "b"])
    assert len(listed) == 4
