"""A whole run on a GPU, from pictures to saved weights, on a real one where there is one, else on a pretended one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tests.pretended import pretended_gpu
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import configure
from tlviz.jobs import answers, finetune, range_test
from tlviz.jobs.job import Job
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise

SMALL = {"image_size": 64, "epochs": 2, "device": "cuda", "test_share": 0.2, "threads": 2}


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if torch.cuda.is_available():
        yield
        return
    with pretended_gpu(monkeypatch):
        yield


def settings_of(strategy: str, **chosen: Any) -> dict[str, Any]:
    return configure("squeezenet1_1", "photos", strategy, **SMALL | chosen).to_json()


def train(strategy: str, shared: finetune.Shared | None = None, **chosen: Any) -> tuple[RunFolder, dict[str, Any]]:
    """Execute a run as a worker does, and end it in its events."""
    settings = settings_of(strategy, **chosen)
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
def test_a_run_trains_reads_its_gauges_and_is_asked_again(strategy: str, chosen: dict[str, Any]) -> None:
    run, result = train(strategy, **chosen)
    told = summarise(run)
    assert result["status"] == "finished"
    assert result["test_accuracy"] is not None
    assert result["best_val_accuracy"] > 0.4
    assert told.start_event["device"] == "cuda"
    moments = {event["moment"]: event for event in run.events() if event["event"] == "gauged"}
    assert set(moments) == {"start", "best", "end"}
    assert moments["start"]["source_agreement"] == 1.0
    again = answers.execute(Job(create_run("answers", "again", {})), {"run": run.name, "part": "validation"})
    assert again["accuracy"] == pytest.approx(result["best_val_accuracy"], abs=0.03)


def test_runs_of_a_race_share_what_frozen_stages_compute() -> None:
    shared = finetune.Shared(PrefixCachePool(256))
    _, first = train("head_only", shared, epochs=4)
    again, second = train("two_phase", shared, epochs=4)
    assert (first["shared_s"], second["shared_s"] > 0) == (0, True)
    assert "kept in GPU memory" in summarise(again).start_event["note"]


def test_a_range_test_runs() -> None:
    settings = settings_of("head_only")
    found = range_test.execute(Job(create_run("range_test", "rates", settings)), settings)
    assert found["suggested"] is not None
