"""A whole run on a GPU, from pictures to saved weights, on a real one where there is one, else on a pretended one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.pretended import pretended_gpu
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import configure
from tlviz.jobs import answers, finetune, range_test
from tlviz.jobs.job import Job
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise

SMALL = {"image_size": 64, "epochs": 2, "device": "cuda", "test_share": 0.2, "threads": 1}


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if torch.cuda.is_available():
        yield
        return
    with pretended_gpu(monkeypatch):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of three classes with sixteen small pictures each, which their colour tells apart."""
    root = tmp_path_factory.mktemp("target")
    generator = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (root / name).mkdir()
        for at in range(16):
            pixels = generator.integers(0, 120, (40, 40, 3), dtype=np.uint8)
            pixels[..., channel] += 100
            Image.fromarray(pixels).save(root / name / f"{at}.png")
    return root


def settings_of(folder: Path, strategy: str, **chosen: Any) -> dict[str, Any]:
    return configure("squeezenet1_1", str(folder), strategy, **SMALL | chosen).to_json()


def train(
    folder: Path, strategy: str, shared: finetune.Shared | None = None, **chosen: Any
) -> tuple[RunFolder, dict[str, Any]]:
    """Execute a run as a worker does, and end it in its events."""
    settings = settings_of(folder, strategy, **chosen)
    run = create_run(FINETUNE, strategy, settings)
    job = Job(run)
    result = finetune.execute(job, settings, shared)
    job.append("finished", result)
    return run, result


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("head_only", {}),
        ("two_phase", {"augment": "light", "views": 2}),
        ("surgical", {"augment": "strong", "ema": 0.9}),
    ],
)
def test_a_run_trains_reads_its_gauges_and_is_asked_again(folder: Path, strategy: str, chosen: dict[str, Any]) -> None:
    run, result = train(folder, strategy, **chosen)
    told = summarise(run)
    assert result["status"] == "finished"
    assert result["test_accuracy"] is not None
    assert result["best_val_accuracy"] > 0.6
    assert told.start_event["device"] == "cuda"
    moments = {event["moment"]: event for event in run.events() if event["event"] == "gauged"}
    assert set(moments) == {"start", "best", "end"}
    assert moments["start"]["source_agreement"] == 1.0
    again = answers.execute(Job(create_run("answers", "again", {})), {"run": run.name, "part": "validation"})
    assert again["accuracy"] == pytest.approx(result["best_val_accuracy"], abs=0.03)


def test_runs_of_a_race_share_what_frozen_stages_compute(folder: Path) -> None:
    shared = finetune.Shared(PrefixCachePool(256))
    _, first = train(folder, "head_only", shared, epochs=4)
    again, second = train(folder, "two_phase", shared, epochs=4)
    assert (first["shared_s"], second["shared_s"] > 0) == (0, True)
    assert "kept in GPU memory" in summarise(again).start_event["note"]


def test_a_range_test_runs(folder: Path) -> None:
    settings = settings_of(folder, "head_only", batch_size=8)
    found = range_test.execute(Job(create_run("range_test", "rates", settings)), settings)
    assert found["suggested"] is not None
