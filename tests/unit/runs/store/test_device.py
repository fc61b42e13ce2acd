"""The device is told without torch, and decides which runs take turns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlviz.runs.store import device


@pytest.fixture(autouse=True)
def ask_again() -> None:
    device.device_name.cache_clear()
    device._nvidia_name.cache_clear()


def tool(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_without_a_gpu_all_runs_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(device, "_is_apple_silicon", lambda: False)
    monkeypatch.setattr(device, "usable_cores", lambda: 3)
    assert device.device_name() == "3 CPU cores"
    assert {device.lane(choice) for choice in ("auto", "cpu", "cuda")} == {"cpu"}


def test_a_gpu_is_named_and_has_a_lane_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "echo NVIDIA H100 80GB HBM3; echo second", monkeypatch)
    assert device.device_name() == "NVIDIA H100 80GB HBM3"
    assert (device.lane("auto"), device.lane("cuda"), device.lane("cpu")) == ("gpu", "gpu", "cpu")


def test_a_driver_that_fails_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "echo broken driver; exit 9", monkeypatch)
    monkeypatch.setattr(device, "_is_apple_silicon", lambda: False)
    assert device.lane("auto") == "cpu"


def test_what_would_be_faster_is_said_with_how(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = (
        ("NVIDIA H100", True, "", "built for CPUs only"),
        ("NVIDIA H100", False, "", "use the GPU"),
        (None, True, "1", "OMP_NUM_THREADS is 1, but 4 cores"),
        (None, True, "", "No GPU shows"),
    )
    for gpu, is_for_cpus, threads, words in cases:
        monkeypatch.setattr(device, "_nvidia_name", lambda gpu=gpu: gpu)
        monkeypatch.setattr(device, "_torch_is_for_cpus", lambda is_for_cpus=is_for_cpus: is_for_cpus)
        monkeypatch.setattr(device, "_is_apple_silicon", lambda: False)
        monkeypatch.setattr(device, "usable_cores", lambda: 4)
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        device.faster_words.cache_clear()
        assert words in device.faster_words()
    device.faster_words.cache_clear()
