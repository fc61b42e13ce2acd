"""What every test shares: a TLVIZ_HOME of its own, and a tiny network with BatchNorm and dropout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch and numpy: processes that share cores compute with one each
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from tests.warm import WarmWorkers
from tlviz.cores import usable_cores
from tlviz.data.images import ImageSet
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network
from tlviz.models.stages import derive_stages

MOST_PROCESSES = 4
"""A process of tests takes up to 2 GB."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run folders of tests side by side; single files start sooner in one process."""
    if all(Path(argument).is_dir() for argument in config.args):
        return min(MOST_PROCESSES, usable_cores())
    config.option.dist = "no"
    return 0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test its own TLVIZ_HOME and empty caches of weights, and leave no worker of it behind."""
    folder = tmp_path / "tlviz-home"
    monkeypatch.setenv("TLVIZ_HOME", str(folder))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    yield folder
    if not any(folder.glob("runs/*/log.txt")):  # no worker was started; to look through all processes takes a while
        return
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in part for part in process.info["cmdline"] or ()):
            process.kill()


@pytest.fixture(scope="session")
def forking() -> Iterator[WarmWorkers]:
    """Give the tests of a process one process that forks workers."""
    workers = WarmWorkers()
    yield workers
    workers.close()


@pytest.fixture(autouse=True)
def warm_workers(
    request: pytest.FixtureRequest, forking: WarmWorkers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WarmWorkers]:
    """Fork the workers of a test, which saves each the import of torch, unless it is marked ``cold_workers``."""
    if "cold_workers" in request.keywords:
        yield forking
        return
    with forking.instead_of_cold_ones(monkeypatch):
        yield forking


class TinyNet(nn.Module):
    """Three convolution blocks and a head, with everything that can go wrong when frozen."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.block1 = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.block2 = nn.Sequential(nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(8, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.block2(self.block1(self.stem(x)))
        result: torch.Tensor = self.fc(self.drop(self.flatten(self.pool(x))))
        return result


@pytest.fixture
def tiny() -> Network:
    """Return a seeded tiny network for three classes."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = TinyNet().eval()
    stages = derive_stages(module, torch.zeros(1, 3, 32, 32))
    return Network(MODELS["squeezenet1_1"], module, stages, ("red", "green", "blue"))


@pytest.fixture
def colours() -> ImageSet:
    """Return 60 noisy pictures of 32 x 32 pixels in three classes that their colour tells apart."""
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 3
    pixels = generator.integers(0, 120, (60, 32, 32, 3), dtype=np.uint8)
    pixels[np.arange(60), :, :, labels] += 120
    return ImageSet(
        name="colours",
        title="Colours",
        classes=("red", "green", "blue"),
        pixels=pixels,
        labels=labels.astype(np.int64),
        parts=("",) * 60,
        names=tuple(f"{label}/{at}" for at, label in enumerate(labels)),
        problems=(),
        may_flip=True,
    )
