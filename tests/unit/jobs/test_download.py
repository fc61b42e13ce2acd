"""What a download tells of itself, and how it ends; where the bytes come from is tested with the download itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tlviz.errors import UnknownNameError
from tlviz.jobs import download
from tlviz.jobs.job import StoppedEarly
from tlviz.models.download import DownloadStopped
from tlviz.runs.store.heartbeat import Status


class FakeJob:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Status, str, float, float | None]] = []

    def should_stop(self) -> bool:
        return False

    def tell(self, *told: Any) -> None:
        self.told.append(told)


def test_it_tells_megabytes_and_the_time_left_and_ends_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter after five seconds: fifteen more."""
    (tmp_path / "weights").write_bytes(bytes(3_000_000))
    clock = iter([100.0, 105.0, 105.0])
    monkeypatch.setattr(download.time, "monotonic", lambda: next(clock))

    def fake(spec: Any, progress: Callable[[int, int], None], _: object) -> Path:
        assert spec.name == "squeezenet1_1"
        progress(1_000_000, 4_000_000)
        progress(1_250_000_000, 0)
        return tmp_path / "weights"

    monkeypatch.setattr(download, "download_weights", fake)
    job: Any = FakeJob()
    results = download.execute(job, {"model": "squeezenet1_1"})
    assert results == {"status": Status.FINISHED, "path": str(tmp_path / "weights"), "size_mb": 3.0}
    assert job.told[0] == (Status.RUNNING, "downloading 1.0 of 4.0 MB", 0.25, pytest.approx(15.0))
    assert job.told[1] == (Status.RUNNING, "downloading 1,250.0 MB", 0.0, None)


def test_a_stop_is_no_failure_and_an_unknown_network_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise DownloadStopped

    monkeypatch.setattr(download, "download_weights", stopped)
    job: Any = FakeJob()
    with pytest.raises(StoppedEarly):
        download.execute(job, {"model": "squeezenet1_1"})
    with pytest.raises(UnknownNameError, match="no network called 'squeezenet9'"):
        download.execute(job, {"model": "squeezenet9"})
