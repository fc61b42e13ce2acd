"""Tiny copies of the public datasets' files, and a web server of this machine that gives them."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.public import PublicSpec
from tlviz.data.sources.store import datasets_folder

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


Patch = Callable[..., PublicSpec]


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
