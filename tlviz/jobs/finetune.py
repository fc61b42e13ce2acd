"""The fine-tuning job: images, network and engine put together, the best epoch's weights kept on disk."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
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
    torch.set_num_threads(config.threads)
    device = choose_device(config.device)
    images = load_images(config.data, geometry_of(config), _decoding(job))
    session = _session(config, images, device, job.should_stop)
    best, reason = _train(job, session)
    test_accuracy = None
    if len(session.split.test):
        job.tell(Status.RUNNING, "evaluating the best weights on the test images", 1.0)
        session.network.module.load_state_dict(read_bundle(job.run.weights)[1])
        score = evaluate(session, session.split.test)
        test_accuracy = score.accuracy if score else None
    return {
        "status": Status.STOPPED if reason is StopReason.REQUEST else Status.FINISHED,
        "reason": reason,
        "best_epoch": best.epoch,
        "best_val_accuracy": best.val_accuracy,
        "test_accuracy": test_accuracy,
        "peak_memory_mb": peak_memory_mb(device),
    }


def choose_device(choice: DeviceChoice) -> torch.device:
    """Return the device of a choice.  Raises ``BadSettingError`` where the chosen one is not there."""
    available = {
        DeviceChoice.CUDA: torch.cuda.is_available(),
        DeviceChoice.MPS: torch.backends.mps.is_available(),
        DeviceChoice.CPU: True,
    }
    if choice is DeviceChoice.AUTO:
        return torch.device(next(name for name, there in available.items() if there))
    if not available[choice]:
        raise BadSettingError(f"device is {choice}, but torch finds none on this machine; choose auto or cpu.")
    return torch.device(choice)


def peak_memory_mb(device: torch.device) -> float | None:
    """Return the most memory held so far in MB: the GPU's where one is used, else this process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    if sys.platform == "win32":
        return None
    import resource  # not on Windows

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _session(
    config: FinetuneConfig, images: ImageSet, device: torch.device, should_stop: Callable[[], bool]
) -> Session:
    network = build_for_target(
        find_model(config.model),
        images.classes,
        pretrained=find_strategy(config.strategy).pretrained,
        seed=config.seed,
        dropout=config.dropout,
        size=config.image_size,
    )
    split = split_images(images.labels, images.parts, config.seed, config.split_plan)
    images = replace(images, may_flip=config.flip.allows(images.may_flip))
    return Session(network, images, split, config, device, should_stop)


def _train(job: Job, session: Session) -> tuple[Epoch, StopReason]:
    """Run the engine to its end; save the weights of each better epoch before the epoch is told."""
    best: Epoch | None = None
    reason = StopReason.EPOCHS
    begun = time.time()
    job.tell(Status.RUNNING, "validating before training")
    for event in finetune(session):
        match event:
            case Started():
                problems = [asdict(problem) for problem in session.images.problems]
                images = {"classes": session.images.classes, "problems": problems, "excluded": session.images.excluded}
                job.append("started", asdict(event) | images)
            case Progress():
                _tell_progress(job, event, session.config.epochs, begun)
            case Epoch():
                if is_better(event, best):
                    best = event
                    _save(job, session, event)
                job.append("epoch", asdict(event))
                begun = time.time() if event.epoch == 0 else begun
            case Stopped():
                reason = event.reason
    if best is None:
        raise StoppedEarly
    return best, reason


def _save(job: Job, session: Session, epoch: Epoch) -> None:
    training = {"run": job.run.name, "epoch": epoch.epoch, "val_accuracy": epoch.val_accuracy}
    write_atomic(job.run.weights, bundle_bytes(session.network, session.config, training))


def _tell_progress(job: Job, progress: Progress, epochs: int, begun: float) -> None:
    fraction = (progress.epoch - 1 + progress.step / progress.steps) / epochs
    seconds_left = (time.time() - begun) * (1 - fraction) / fraction
    job.tell(Status.RUNNING, f"epoch {progress.epoch} of {epochs}", fraction, seconds_left)


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
