"""torchvision's public datasets, with tiny copies of their files: reading, integrity, and the download itself."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.data.sources.tiny_public import (
    GEOMETRY,
    MAKERS,
    Patch,
    Served,
    cifar,
    dtd,
    pets,
    stl,
)
from tlviz import vision
from tlviz.data.images import find_dataset, load_images, open_target, settle
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.download import download
from tlviz.data.sources.public import PUBLIC, is_downloaded, library_class
from tlviz.data.sources.store import NOTE, datasets_folder
from tlviz.errors import BadDatasetError


@pytest.mark.parametrize("name", MAKERS)
def test_a_downloaded_dataset_is_a_target(name: str, patch: Patch, served: Served) -> None:
    spec = MAKERS[name](patch, served)
    assert not is_downloaded(spec)
    folder = download(spec)
    assert folder == datasets_folder() / name
    assert is_downloaded(spec)
    assert (find_dataset(name), settle(name)) == (spec, name)
    images = load_images(name, GEOMETRY)
    assert len(images.labels) == spec.images == len(set(images.names))
    assert len(images.classes) == spec.class_count
    assert set(images.parts) == set(spec.parts)
    assert images.may_flip is spec.may_flip
    assert images.title == spec.title
    assert images.problems == ()
    asked = len(served.asked)
    download(spec)
    assert len(served.asked) == asked


def test_cifar_pictures_and_labels(patch: Patch, served: Served) -> None:
    download(cifar(patch, served))
    images = load_images("cifar10", GEOMETRY)
    assert images.classes == ("cat", "ship")
    assert images.labels.tolist() == [0, 1, 1, 0, 0, 1]
    assert images.parts == ("train",) * 4 + ("test",) * 2
    assert images.pixels[:, 4, 4].tolist() == [[200, at, at] for at in (0, 1, 2, 3, 4, 5)]


def test_stl_pictures_stand_upright_and_folds_are_left_aside(patch: Patch, served: Served) -> None:
    download(stl(patch, served))
    images = load_images("stl10", Geometry(96, Fit.PAD, "nearest", 1.0))
    assert images.classes == ("airplane", "bird")
    assert images.labels.tolist() == [0, 1, 0, 1, 0]
    assert (images.pixels[:, :, 0, 0] == 250).all()
    assert (images.pixels[:, :, 1:] == 0).all()


def test_files_are_named_below_the_dataset(patch: Patch, served: Served) -> None:
    download(pets(patch, served))
    target = open_target("pets")
    assert target.classes == ("Beagle", "Birman")
    assert target.names[0] == os.path.join("oxford-iiit-pet", "images", "Beagle_1.jpg")  # noqa: PTH118
    assert target.labels.tolist() == [0, 0, 1, 1, 0]
    assert target.sources[0].path == datasets_folder() / "pets/oxford-iiit-pet/images/Beagle_1.jpg"


def test_a_second_opening_needs_no_torchvision_and_decodes_nothing(
    patch: Patch, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(cifar(patch, served))
    first = load_images("cifar10", GEOMETRY)
    monkeypatch.setattr(vision, "torchvision", lambda: pytest.fail("torchvision was imported"))
    assert np.array_equal(load_images("cifar10", GEOMETRY).pixels, first.pixels)


def test_a_changed_pickle_is_never_loaded(patch: Patch, served: Served, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "owned"),)

    folder = download(cifar(patch, served))
    for name in ("data_batch_2", "test_batch", "batches.meta"):
        file = folder / "cifar-10-batches-py" / name
        sound = file.read_bytes()
        file.write_bytes(pickle.dumps(Evil()))
        with pytest.raises(BadDatasetError, match="damaged or incomplete"):
            load_images("cifar10", GEOMETRY)
        file.write_bytes(sound)
    assert not (tmp_path / "owned").exists()
    assert len(load_images("cifar10", GEOMETRY).labels) == 6


def test_what_is_not_downloaded_says_how(patch: Patch) -> None:
    for spec in PUBLIC.values():
        with pytest.raises(BadDatasetError) as caught:
            open_target(spec.name)
        message = str(caught.value)
        assert f"tlviz datasets download {spec.name}" in message
        assert f"{spec.size_mb:,} MB" in message
        assert spec.licence in message


def test_a_damaged_listing_is_one_sentence(patch: Patch, served: Served) -> None:
    folder = download(dtd(patch, served))
    (folder / "listing.json").write_text("{")
    with pytest.raises(BadDatasetError, match="listing of Describable Textures is damaged"):
        open_target("dtd")
    (folder / NOTE).unlink()
    with pytest.raises(BadDatasetError, match="not on this machine yet"):
        open_target("dtd")


def test_the_table_says_what_a_person_should_know() -> None:
    assert list(PUBLIC) == [
        "cifar10",
        "flowers102",
        "pets",
        "dtd",
        "eurosat",
        "fashionmnist",
        "stl10",
        "aircraft",
    ]
    for spec in PUBLIC.values():
        assert spec.url.startswith("https://")
        assert spec.licence
        assert spec.relation
        assert spec.sentence.endswith(".")
        assert set(spec.parts) <= {"train", "val", "test", ""}
        assert hasattr(vision.torchvision().datasets, spec.library_class)
    assert len(library_class(PUBLIC["flowers102"]).classes) == 102
    assert len(library_class(PUBLIC["fashionmnist"]).classes) == 10
