"""torchvision's public datasets, with tiny copies of their files: reading, integrity, and the download itself."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tlviz import vision
from tlviz.data.images import find_dataset, load_images, open_target, settle
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources import download as download_module
from tlviz.data.sources.download import download
from tlviz.data.sources.public import PUBLIC, PublicSpec, is_downloaded, library_class
from tlviz.data.sources.store import NOTE, datasets_folder
from tlviz.errors import BadDatasetError, StorageError

GEOMETRY = Geometry(8, Fit.PAD, "nearest", 1.0)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def jpeg(value: int, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 12), (value,) * 3).save(buffer, form)
    return buffer.getvalue()


def tar(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Served:
    """A web server of this machine: ``files`` by name, ``cut`` ends each answer after so many bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None
        self.asked: list[str] = []
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                served.asked.append(name)
                content = served.files.get(name)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write((content or b"")[: served.cut])

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.server.shutdown()
    server.server.server_close()


Patch = Callable[..., PublicSpec]


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Make the table's row and torchvision's class fit a tiny copy; return the row."""

    def change(name: str, images: int, classes: int, **attributes: Any) -> PublicSpec:
        spec = replace(PUBLIC[name], images=images, class_count=classes)
        if spec.archive_md5:
            spec = replace(spec, archive_md5=attributes.pop("archive_md5"))
        monkeypatch.setitem(PUBLIC, name, spec)
        for attribute, value in attributes.items():
            monkeypatch.setattr(library_class(spec), attribute, value)
        return spec

    return change


def cifar(patch: Patch, served: Served) -> PublicSpec:
    """Six pictures of two classes: four to train, two to test."""

    def batch(first: int, labels: list[int]) -> bytes:
        rows = np.stack([np.full(3072, first + at, np.uint8) for at in range(len(labels))])
        rows[:, :1024] = 200  # the red plane comes first
        return pickle.dumps({"data": rows, "labels": labels})

    files = {
        "data_batch_1": batch(0, [0, 1]),
        "data_batch_2": batch(2, [1, 0]),
        "test_batch": batch(4, [0, 1]),
        "batches.meta": pickle.dumps({"label_names": ["cat", "ship"]}),
    }
    served.files["cifar.tar.gz"] = tar({f"cifar-10-batches-py/{name}": data for name, data in files.items()})
    return patch(
        "cifar10",
        6,
        2,
        url=served.url + "cifar.tar.gz",
        tgz_md5=md5(served.files["cifar.tar.gz"]),
        train_list=[[name, md5(files[name])] for name in ("data_batch_1", "data_batch_2")],
        test_list=[["test_batch", md5(files["test_batch"])]],
        meta={"filename": "batches.meta", "key": "label_names", "md5": md5(files["batches.meta"])},
    )


def stl(patch: Patch, served: Served) -> PublicSpec:
    """Five pictures whose first pixel column is bright, stored column by column as STL-10 does."""

    def pictures(count: int) -> bytes:
        data = np.zeros((count, 3, 96, 96), np.uint8)
        data[:, 0, 0, :] = 250  # red, first column
        return data.tobytes()

    files = {
        "train_X.bin": pictures(3),
        "train_y.bin": bytes([1, 2, 1]),
        "unlabeled_X.bin": pictures(1),
        "test_X.bin": pictures(2),
        "test_y.bin": bytes([2, 1]),
    }
    named = files | {"class_names.txt": b"airplane\nbird\n", "fold_indices.txt": b"0 1\n" * 10}
    served.files["stl.tar.gz"] = tar({f"stl10_binary/{name}": data for name, data in named.items()})
    sums = [[name, md5(data)] for name, data in files.items()]
    return patch(
        "stl10",
        5,
        2,
        url=served.url + "stl.tar.gz",
        tgz_md5=md5(served.files["stl.tar.gz"]),
        train_list=sums[:3],
        test_list=sums[3:],
    )


def fashion(patch: Patch, served: Served) -> PublicSpec:
    """Ten classes once each to train, and once each to test, in the files of MNIST."""

    def packed(magic: int, shape: tuple[int, ...], data: bytes) -> bytes:
        return gzip.compress(b"".join(n.to_bytes(4, "big") for n in (magic, *shape)) + data)

    images = np.repeat(np.arange(10, dtype=np.uint8) * 20, 28 * 28).tobytes()
    sums = []
    for part in ("train", "t10k"):
        for kind, data in (
            ("images-idx3", packed(0x803, (10, 28, 28), images)),
            ("labels-idx1", packed(0x801, (10,), bytes(range(10)))),
        ):
            name = f"{part}-{kind}-ubyte.gz"
            served.files[name] = data
            sums.append((name, md5(data)))
    return patch("fashionmnist", 20, 10, mirrors=[served.url], resources=sums)


def pets(patch: Patch, served: Served) -> PublicSpec:
    names = {"trainval": ["Beagle_1", "Beagle_2", "Birman_1"], "test": ["Birman_2", "Beagle_3"]}
    every = [name for part in names.values() for name in part]
    served.files["images.tar.gz"] = tar({f"images/{name}.jpg": jpeg(at * 10) for at, name in enumerate(every)})
    label = {"Beagle": 1, "Birman": 2}
    served.files["annotations.tar.gz"] = tar(
        {
            f"annotations/{part}.txt": "\n".join(f"{n} {label[n.split('_')[0]]} 1 1" for n in listed).encode()
            for part, listed in names.items()
        }
    )
    resources = [(served.url + name, md5(served.files[name])) for name in ("images.tar.gz", "annotations.tar.gz")]
    return patch("pets", 5, 2, _RESOURCES=resources)


def dtd(patch: Patch, served: Served) -> PublicSpec:
    content = {}
    for at, part in enumerate(("train", "val", "test")):
        listed = [f"{name}/{name}_{at}.jpg" for name in ("banded", "dotted")]
        content[f"dtd/labels/{part}1.txt"] = "\n".join(listed).encode()
        content |= {f"dtd/images/{name}": jpeg(at * 40) for name in listed}
    served.files["dtd.tar.gz"] = tar(content)
    return patch("dtd", 6, 2, _URL=served.url + "dtd.tar.gz", _MD5=md5(served.files["dtd.tar.gz"]))


def aircraft(patch: Patch, served: Served) -> PublicSpec:
    content = {"data/variants.txt": b"707-320\nA380\n"}
    for at, part in enumerate(("train", "val", "test")):
        content[f"data/images_variant_{part}.txt"] = f"{at}00 707-320\n{at}01 A380\n".encode()
        content |= {f"data/images/{at}0{n}.jpg": jpeg(at * 40) for n in range(2)}
    name = "fgvc-aircraft-2013b.tar.gz"
    served.files[name] = tar({f"fgvc-aircraft-2013b/{file}": data for file, data in content.items()})
    return patch("aircraft", 6, 2, _URL=served.url + name, archive_md5=md5(served.files[name]))


def flowers(patch: Patch, served: Served) -> PublicSpec:
    from scipy.io import savemat

    def mat(**values: Any) -> bytes:
        buffer = io.BytesIO()
        savemat(buffer, values)
        return buffer.getvalue()

    count = 102 * 3
    served.files["102flowers.tgz"] = tar({f"jpg/image_{at:05d}.jpg": jpeg(at % 250) for at in range(1, count + 1)})
    served.files["imagelabels.mat"] = mat(labels=np.tile(np.arange(1, 103), 3))
    served.files["setid.mat"] = mat(trnid=np.arange(1, 103), valid=np.arange(103, 205), tstid=np.arange(205, 307))
    names = {"image": "102flowers.tgz", "label": "imagelabels.mat", "setid": "setid.mat"}
    sums = {key: (name, md5(served.files[name])) for key, name in names.items()}
    return patch("flowers102", count, 102, _download_url_prefix=served.url, _file_dict=sums)


def eurosat(patch: Patch, served: Served) -> PublicSpec:
    """EuroSAT's address is inside its method; the archive is put where torchvision looks for it first."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in ("Forest", "River"):
            for at in range(3):
                file.writestr(f"2750/{name}/{name}_{at}.jpg", jpeg(at * 40))
    spec = patch("eurosat", 6, 2)
    root = datasets_folder().parent / "mine"
    (root / "eurosat").mkdir(parents=True)
    with zipfile.ZipFile(buffer) as file:
        file.extractall(root / "eurosat")
    return spec


MAKERS = {"cifar10": cifar, "stl10": stl, "fashionmnist": fashion, "pets": pets, "dtd": dtd, "aircraft": aircraft, "flowers102": flowers}  # fmt: skip # noqa: E501


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


@pytest.mark.parametrize("name", MAKERS)
def test_a_download_that_breaks_off_leaves_nothing_that_looks_whole(name: str, patch: Patch, served: Served) -> None:
    spec = MAKERS[name](patch, served)
    served.cut = 20
    with pytest.raises(BadDatasetError, match="is incomplete or altered"):
        download(spec)
    assert not is_downloaded(spec)
    assert list(datasets_folder().iterdir()) == []
    served.cut = None
    download(spec)
    assert is_downloaded(spec)


def test_a_changed_archive_is_not_unpacked(patch: Patch, served: Served) -> None:
    spec = aircraft(patch, served)
    served.files["fgvc-aircraft-2013b.tar.gz"] = tar({"fgvc-aircraft-2013b/data/variants.txt": b"x"})
    with pytest.raises(BadDatasetError, match="is incomplete or altered"):
        download(spec)
    assert list(datasets_folder().iterdir()) == []


@pytest.mark.parametrize("name", ["cifar10", "fashionmnist", "pets"])
@pytest.mark.parametrize("how", ["gone", "not found"])
def test_without_a_connection_it_is_one_sentence(name: str, how: str, patch: Patch, served: Served) -> None:
    spec = MAKERS[name](patch, served)
    if how == "gone":
        served.server.shutdown()
        served.server.server_close()
    else:
        served.files.clear()
    with pytest.raises(BadDatasetError) as caught:
        download(spec)
    message = str(caught.value)
    assert f"{spec.title} cannot be downloaded" in message
    assert spec.url in message
    assert "\n" not in message
    assert not is_downloaded(spec)


def test_a_server_that_falls_silent_is_given_up(patch: Patch, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = cifar(patch, served)
    monkeypatch.setattr(download_module, "SILENCE_S", 0.2)
    wait = threading.Event()
    real = http.server.BaseHTTPRequestHandler.end_headers
    monkeypatch.setattr(http.server.BaseHTTPRequestHandler, "end_headers", lambda self: (real(self), wait.wait(5))[0])
    with pytest.raises(BadDatasetError, match="timed out"):
        download(spec)
    wait.set()


def test_progress_and_cancel(patch: Patch, served: Served) -> None:
    spec = replace(cifar(patch, served), size_mb=1)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(spec, stop)
    assert list(datasets_folder().iterdir()) == []
    told.clear()
    download(spec, lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {1_000_000}
    assert len(served.files["cifar.tar.gz"]) in {done for done, _ in told}


def test_the_hooks_are_taken_back(patch: Patch, served: Served) -> None:
    spec = cifar(patch, served)
    for cut in (20, None):
        served.cut = cut
        try:
            download(spec)
        except BadDatasetError:
            assert cut == 20
        assert tarfile.TarFile.extraction_filter is None
        assert urllib.request._opener is None


def test_archives_of_a_download_are_unpacked_by_the_safe_rules(patch: Patch, served: Served, tmp_path: Path) -> None:
    spec = dtd(patch, served)
    content = tar({"../../escaped.jpg": jpeg(0)})
    served.files["dtd.tar.gz"] = content
    patch("dtd", 6, 2, _MD5=md5(content))
    with pytest.raises(BadDatasetError):
        download(spec)
    assert not list(tmp_path.rglob("escaped.jpg"))


def test_a_full_disk_is_one_sentence(patch: Patch, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = cifar(patch, served)

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vision.torchvision().datasets.utils, "_urlretrieve", full)
    with pytest.raises(StorageError, match=r"No space left on device. Free some space"):
        download(spec)
    assert list(datasets_folder().iterdir()) == []


def test_what_is_not_downloaded_says_how(patch: Patch) -> None:
    for spec in PUBLIC.values():
        with pytest.raises(BadDatasetError) as caught:
            open_target(spec.name)
        message = str(caught.value)
        assert f"tlviz datasets download {spec.name}" in message
        assert f"{spec.size_mb:,} MB" in message
        assert spec.licence in message


def test_another_folder_may_hold_it(patch: Patch, served: Served, tmp_path: Path) -> None:
    spec = dtd(patch, served)
    root = download(spec, to=tmp_path / "big disk")
    assert root == tmp_path / "big disk" / "dtd"
    assert len(load_images("dtd", GEOMETRY).labels) == 6
    (root / "dtd/dtd/images/banded/banded_0.jpg").unlink()
    assert len(load_images("dtd", GEOMETRY).labels) == 5
    root.rename(tmp_path / "moved")
    assert not is_downloaded(spec)
    with pytest.raises(BadDatasetError, match="not on this machine yet"):
        open_target("dtd")
    assert download(spec) == datasets_folder() / "dtd"
    assert len(load_images("dtd", GEOMETRY).labels) == 6


def test_what_torchvision_fetched_before_is_used_where_it_is(patch: Patch, served: Served) -> None:
    spec = eurosat(patch, served)
    mine = datasets_folder().parent / "mine"
    assert download(spec, to=mine) == mine
    images = load_images("eurosat", GEOMETRY)
    assert images.classes == ("Forest", "River")
    assert images.parts == ("",) * 6
    assert served.asked == []


def test_a_set_that_an_interrupted_unpacking_left_is_not_taken_for_whole(
    patch: Patch, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torchvision itself only looks whether the folder exists."""
    spec = eurosat(patch, served)
    mine = datasets_folder().parent / "mine"
    (mine / "eurosat/2750/River/River_2.jpg").unlink()
    library_class(spec)(root=str(mine))

    def fetch(*args: Any) -> None:
        raise BadDatasetError("it would be downloaded")

    monkeypatch.setattr(download_module, "_fetch", fetch)
    with pytest.raises(BadDatasetError, match="it would be downloaded"):
        download(spec, to=mine)
    assert not is_downloaded(spec)


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
