"""A download of a public dataset ends whole, or leaves nothing and says why."""

from __future__ import annotations

import http.server
import tarfile
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.data.sources.tiny_public import (
    GEOMETRY,
    MAKERS,
    Patch,
    Served,
    aircraft,
    cifar,
    dtd,
    eurosat,
    jpeg,
    md5,
    tar,
)
from tlviz import vision
from tlviz.data.images import load_images, open_target
from tlviz.data.sources import download as download_module
from tlviz.data.sources.download import download
from tlviz.data.sources.public import is_downloaded, library_class
from tlviz.data.sources.store import datasets_folder
from tlviz.errors import BadDatasetError, StorageError


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
