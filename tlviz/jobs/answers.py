"""The job that asks a run's best weights again: about each validation image, or once about the test images."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import torch

from tlviz.data.training.splits import Indices
from tlviz.errors import BadDatasetError, BadSettingError
from tlviz.export.bundle import load_bundle, read_header
from tlviz.export.run_images import RunImages, load_run_images
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.device import choose_device
from tlviz.finetune.items import items_of
from tlviz.finetune.scoring import EVAL_BATCH, predict_logits
from tlviz.finetune.session import Halted, Session
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.predictions import TEST, Answers, write_answers, write_test
from tlviz.runs.store.folder import RunFolder, find_run
from tlviz.runs.store.heartbeat import Status, time_left
from tlviz.runs.summary import summarise


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Ask the weights of the run ``run`` about its ``part``, validation or test, and save the answers beside them.

    Raises ``StoppedEarly`` where it is stopped, and ``TlvizError`` where weights or images are not there.
    """
    run, part = find_run(str(settings["run"])), str(settings["part"])
    if part == TEST and summarise(run).test_accuracy is not None:
        raise BadSettingError(f"The run {run.name} was already evaluated on its test images; this is done only once.")
    try:
        answers = _ask(job, run, part)
    except Halted:
        raise StoppedEarly from None
    share = float(answers.right.mean())
    if part == TEST:
        write_test(run, share, len(answers.labels), answers.epoch)
    else:
        write_answers(run, answers)
    return {"status": Status.FINISHED, "part": part, "images": len(answers.labels), "accuracy": share}


def _ask(job: Job, run: RunFolder, part: str) -> Answers:
    """Predict in the very batches of training, so that the answers are the same."""
    job.tell(Status.RUNNING, "reading images")
    header = read_header(run.weights)
    here = load_run_images(header)
    rows = here.split.test if part == TEST else here.split.validation
    if not len(rows):
        raise BadDatasetError(f"The run {run.name} has no {part} images.")
    session = _session(job, run, here)
    feed = BatchSource.whole(session, items_of(session))
    logits, begun = [], time.monotonic()
    for at in range(0, len(rows), EVAL_BATCH):
        logits.append(predict_logits(session, feed, rows[at : at + EVAL_BATCH]))
        done = min(at + EVAL_BATCH, len(rows))
        left = time_left(time.monotonic() - begun, done, len(rows))
        job.tell(Status.RUNNING, f"{part} images: {done:,} of {len(rows):,}", done / len(rows), left)
    return Answers(
        epoch=int(header.training.get("epoch", 0)),
        classes=header.classes,
        names=_names(here, rows),
        labels=here.images.labels[rows],
        logits=torch.cat(logits).numpy(),
    )


def _names(here: RunImages, rows: Indices) -> tuple[str, ...]:
    return tuple(here.images.names[at] for at in rows)


def _session(job: Job, run: RunFolder, here: RunImages) -> Session:
    torch.set_num_threads(here.config.threads)
    device = choose_device(here.config.device)
    network = load_bundle(run.weights)
    network.module.to(device)
    return Session(network, here.images, here.split, replace(here.config, cache_mb=0), device, job.should_stop)
