"""The fine-tuning job: images, network and engine put together, the best epoch's weights kept on disk."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from tlviz.data.images import ImageSet, load_images
from tlviz.data.splits import split_images
from tlviz.errors import BadSettingError
from tlviz.export.bundle import bundle_bytes, geometry_of, read_bundle
from tlviz.finetune.config import DeviceChoice, FinetuneConfig
from tlviz.finetune.engine import Session, evaluate, finetune
from tlviz.finetune.events import Epoch, Progress, Started, Stopped, StopReason, is_better
from tlviz.finetune.strategies import find_strategy
from tlviz.home import write_atomic
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target
from tlviz.runs.folder import Status

LOOK_S = 0.2
"""While decoding, progress is told and a stop looked for this often."""


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Fine-tune by the settings of a run folder and return what its last event adds.

    Raises ``StoppedEarly`` where it is stopped before training, and ``TlvizError`` for a person's mistake.
    """
    config = FinetuneConfig.from_json(settings)
    prepare_torch(config.threads, deterministic=config.deterministic)
    device = choose_device(config.device)
    images = load_images(config.data, geometry_of(config), _decoding(job))
    state = State(_session(config, images, device, job.should_stop))
    began = time.time() - _resume(job, state)
    reason = _train(job, state, began)
    if state.best is None:
        raise StoppedEarly
    return {
        "status": Status.STOPPED if reason is StopReason.REQUEST else Status.FINISHED,
        "reason": reason,
        "best_epoch": state.best.epoch,
        "best_val_accuracy": state.best.val_accuracy,
        "test_accuracy": _test_accuracy(job, state),
        "peak_memory_mb": peak_memory_mb(device),
        "duration_s": time.time() - began,
    }


def _session(
    config: FinetuneConfig, images: ImageSet, device: torch.device, should_stop: Callable[[], bool]
) -> Session:
    network = build_for_target(
        find_model(config.model),
        images.classes,
        pretrained=find_strategy(config.strategy).pretrained,
        seed=config.seed,
        dropout=config.dropout,
    )
    split = split_images(images.labels, images.parts, config.seed)
    return Session(network, images, split, config, device, should_stop)


def _resume(job: Job, state: State) -> float:
    """Bring a state to the last epoch of an earlier worker of this run; return the seconds that it had taken."""
    if not job.run.last_state.exists():
        return 0.0
    saved = Checkpoint.from_bytes(job.run.last_state.read_bytes())
    restore(state, job.run.last_state.read_bytes())
    job.append("resumed", {"epoch": state.epoch})
    return 0.0


def _train(job: Job, state: State, began: float) -> StopReason:
    """Run the engine to its end; save each better epoch's weights, tell the epoch, then save the state to resume from.

    In this order, whatever was told has its weights, and an epoch that is lost is trained again to the same result.
    """
    told = max((event["epoch"] for event in job.run.events() if event["event"] == "epoch"), default=-1)
    reason = StopReason.EPOCHS
    for event in train(state):
        match event:
            case Started():
                problems = [asdict(problem) for problem in state.session.images.problems]
                job.append("started", asdict(event) | {"classes": state.session.images.classes, "problems": problems})
            case Progress():
                _tell_progress(job, event, session.config.epochs, begun)
            case Epoch():
                if state.best == event:
                    _save_best(job, state)
                job.append("epoch", asdict(event))
                begun = time.time() if event.epoch == 0 else begun
            case Stopped():
                reason = event.reason
    return reason


def _decoding(job: Job) -> Callable[[int, int], None]:
    """Report decoding as progress, and end it where a stop is asked for."""
    looked = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal looked
        if time.monotonic() - looked < LOOK_S:
            return
        looked = time.monotonic()
        job.tell(Status.RUNNING, f"reading images: {done:,} of {total:,}")
        if job.should_stop():
            raise StoppedEarly

    return progress
