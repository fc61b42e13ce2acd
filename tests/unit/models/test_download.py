"""Downloads end whole and checked in the libraries' own caches, or leave nothing; the servers are this machine's."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from tests.servers import COMMIT, Server
from tests.unit.models.served import saved, timm_model, torchvision_model, weights_of
from tlviz.errors import BadSettingError, BadWeightsError, StorageError
from tlviz.models.catalogue import MODELS
from tlviz.models.download import DownloadStopped, download_weights
from tlviz.models.load import load_network
from tlviz.models.local_weights import (
    available_models,
    delete_weights,
    disk_use_mb,
    downloaded_models,
    find_weights,
    hub,
    hub_folder,
    repository_folder,
    torch_folder,
)
from tlviz.runs.launch import start_download
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import DOWNLOAD


def leftovers(*folders: Path) -> list[str]:
    """Return the files that a download has left, the hub's own marks and locks aside."""
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [
        path.name
        for path in found
        if path.name not in {"CACHEDIR.TAG", "main", ".gitignore"} and path.suffix != ".lock"
    ]


def test_torchvision_weights_arrive_whole_in_torchs_cache(server: Server) -> None:
    weights = weights_of("squeezenet1_1")
    spec = torchvision_model(server, saved(weights))
    told: list[tuple[int, int]] = []
    path = download_weights(spec, lambda done, total: told.append((done, total)))
    size = path.stat().st_size
    assert path == torch_folder() / spec.url.rpartition("/")[2]
    assert Path(torch.hub.get_dir()) / "checkpoints" == torch_folder()
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert torch.equal(load_network(spec).module.state_dict()["features.0.weight"], weights["features.0.weight"])
    asked = list(server.asked)
    assert download_weights(spec) == path
    assert server.asked == asked, "what is there is not asked for again"
    assert leftovers(torch_folder()) == [path.name]


def test_timm_weights_arrive_whole_in_the_hubs_cache(server: Server) -> None:
    weights = weights_of("tf_efficientnet_lite0.in1k")
    spec = timm_model(server, save(weights))
    told: list[tuple[int, int]] = []
    path = download_weights(spec, lambda done, total: told.append((done, total)))
    assert path == hub_folder() / repository_folder(spec) / "snapshots" / COMMIT / "model.safetensors"
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    assert spec.name in available_models()
    assert [found.name for found in downloaded_models()] == [spec.name]
    assert disk_use_mb() == pytest.approx(path.stat().st_size / 1e6)
    network = load_network(spec)
    assert len(network.classes) == 1000
    assert torch.equal(network.module.state_dict()["conv_stem.weight"], weights["conv_stem.weight"])
    assert delete_weights(spec) == pytest.approx(len(save(weights)) / 1e6)
    assert (find_weights(spec), downloaded_models(), disk_use_mb()) == (None, [], 0)
    with pytest.raises(BadSettingError, match="not downloaded"):
        delete_weights(spec)


@pytest.mark.parametrize("breaks_after", [0, 300_000])
def test_a_connection_that_breaks_leaves_nothing_and_the_next_try_succeeds(server: Server, breaks_after: int) -> None:
    content = saved({"a": torch.zeros(200_000)})
    spec = torchvision_model(server, content)
    server.breaks_after = breaks_after
    with pytest.raises(BadWeightsError, match=r"broke off after 0\.[03] of 0\.8 MB; nothing was kept"):
        download_weights(spec)
    assert leftovers(torch_folder()) == []
    server.breaks_after = None
    assert download_weights(spec).read_bytes() == content


def test_a_stopped_download_leaves_nothing(server: Server, tmp_path: Path) -> None:
    content = bytes(25_000_000)  # the hub's library tells of every 10 MB
    for spec in (torchvision_model(server, content), timm_model(server, content)):
        told: list[int] = []
        with pytest.raises(DownloadStopped, match="nothing was kept"):
            download_weights(spec, lambda done, total, told=told: told.append(done), lambda told=told: bool(told))
        assert told
        assert leftovers(torch_folder(), hub_folder()) == []
        assert find_weights(spec) is None


@pytest.mark.parametrize("provider", ["torchvision", "timm"])
def test_a_wrong_checksum_is_refused_and_not_kept(server: Server, provider: str) -> None:
    content = os.urandom(100_000)
    wrong = hashlib.sha256(b"other").hexdigest()
    spec = (
        torchvision_model(server, content, wrong)
        if provider == "torchvision"
        else timm_model(server, content, etag=wrong)
    )
    with pytest.raises(BadWeightsError, match=f"instead of {wrong[:8]}"):
        download_weights(spec)
    assert leftovers(torch_folder(), hub_folder()) == []
    assert find_weights(spec) is None


def test_a_file_that_is_not_there_says_so(server: Server) -> None:
    spec = torchvision_model(server, b"x")
    server.files.clear()
    with pytest.raises(BadWeightsError, match=r"the server has no such file \(http"):
        download_weights(spec)
    with pytest.raises(BadWeightsError, match=r"the server has no such file \(https://huggingface.co/timm/"):
        download_weights(MODELS["tf_efficientnet_lite0.in1k"])


def test_without_a_connection_one_sentence_names_what_ships(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "http://127.0.0.1:9"
    monkeypatch.setattr(hub().constants, "ENDPOINT", nowhere)
    monkeypatch.setattr(hub().constants, "HUGGINGFACE_CO_URL_TEMPLATE", nowhere + "/{repo_id}/{revision}/{filename}")
    for spec in (replace(MODELS["resnet18"], url=f"{nowhere}/net-12345678.pth"), MODELS["resnet18.a1_in1k"]):
        begun = time.monotonic()
        with pytest.raises(BadWeightsError, match="network cannot be reached") as caught:
            download_weights(spec)
        assert "squeezenet1_1 and tf_efficientnet_lite0 ship with the program" in str(caught.value)
        assert "127.0.0.1:9" in str(caught.value)
        assert time.monotonic() - begun < 10
    assert leftovers(torch_folder(), hub_folder()) == []


def test_what_a_killed_download_left_is_replaced_or_swept(server: Server) -> None:
    content = saved({"a": torch.zeros(1000)})
    spec = torchvision_model(server, content)
    torch_folder().mkdir(parents=True)
    (torch_folder() / f"{spec.url.rpartition('/')[2]}.tlviz-partial").write_bytes(b"half")
    assert download_weights(spec).read_bytes() == content
    assert len(leftovers(torch_folder())) == 1

    other = timm_model(server, save({"a": torch.zeros(10)}))
    blobs = hub_folder() / repository_folder(other) / "blobs"
    blobs.mkdir(parents=True)
    old, young = blobs / "a.12345678.incomplete", blobs / "b.12345678.incomplete"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    download_weights(other)
    assert not old.exists()
    assert young.exists(), "another program may still write it"


def test_a_cache_that_cannot_be_written_is_one_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", "/proc/nowhere")
    with pytest.raises(StorageError, match="Cannot write /proc/nowhere"):
        download_weights(torchvision_model(server, b"x"))


def test_the_worker_downloads_beside_a_busy_lane_and_old_folders_go(server: Server, home: Path) -> None:
    spec = timm_model(server, save({"a": torch.zeros(500_000)}))
    run = start_download(spec)
    assert start_download(spec).name == run.name or run.status().is_over
    end = time.time() + 60
    while not run.status().is_over:
        assert time.time() < end
        time.sleep(0.1)
    (event,) = run.events()
    assert (event["status"], event["size_mb"]) == (Status.FINISHED, pytest.approx(2.0, abs=0.1)), event
    assert find_weights(spec) is not None
    again = start_download(spec)
    assert [found.name for found in list_runs(DOWNLOAD)] == [again.name]
    assert list_runs("finetune") == []


def test_the_command_line_downloads_with_a_bar_and_deletes(server: Server) -> None:
    spec = timm_model(server, save({"a": torch.zeros(500_000)}))

    def call(*arguments: str) -> tuple[int, dict[str, Any], str]:
        done = subprocess.run(
            [sys.executable, "-m", "tlviz", "models", *arguments, "--json"], capture_output=True, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    status, result, told = call("download", spec.name)
    assert (status, result["name"]) == (0, spec.name), told
    assert "2.0/2.0 MB" in told
    _, listed, _ = call("--downloaded")
    assert [row["name"] for row in listed["models"]] == [spec.name]
    assert call("delete", spec.name)[1]["freed_mb"] == pytest.approx(2.0, abs=0.1)
    status, _, told = call("delete", spec.name)
    assert status == 2
    assert len(told.strip().splitlines()) == 1


def test_ctrl_c_leaves_nothing_half(server: Server) -> None:
    spec = timm_model(server, bytes(30_000_000))
    server.breaks_after, server.stalls = 15_000_000, True
    process = subprocess.Popen(
        [sys.executable, "-m", "tlviz", "models", "download", spec.name],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores Ctrl-C
    )
    blobs = hub_folder() / repository_folder(spec) / "blobs"
    end = time.time() + 30
    while not any(path.stat().st_size for path in blobs.glob("*.incomplete")):
        assert time.time() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert leftovers(hub_folder()) == []
