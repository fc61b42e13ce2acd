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
