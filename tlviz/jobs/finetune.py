"""The fine-tuning job: images, network and engine put together, the best epoch's weights kept on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from tlviz.data.as_begun import load_as_begun
from tlviz.data.fingerprints import Prints, changed_names, fingerprints, named
from tlviz.data.images import Form, ImageSet
from tlviz.data.part_images import part_images
from tlviz.data.pixels.depth import Depth
from tlviz.data.sources.reading import ReadAs, need_answers
from tlviz.diagnose.doctor import known_report
from tlviz.errors import BadDatasetError, BadWeightsError
from tlviz.export.bundle import load_bundle
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.cache import PrefixCachePool
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import choose_device, decoding_errors, memory_errors, peak_memory_mb, prepare_torch
from tlviz.finetune.events import StopReason
from tlviz.finetune.resume import restore
from tlviz.finetune.scoring import Score, evaluate
from tlviz.finetune.session import Halted, Session
from tlviz.finetune.state import State
from tlviz.finetune.strategies import find_strategy
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.jobs.progress import UnknownShare, telling
from tlviz.jobs.run_logger import RunLogger
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.runs.startable import check_startable
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.small_files import DamagedFileError, read_bytes

LARGEST_STATE = 64 * 2**30


@dataclass(frozen=True, slots=True)
class Shared:
    """What runs that one worker executes one after another have in common.

    ``images`` are decoded ones; ``begun`` is what the first run on each target recorded of its pictures, which hold for
    the others too; ``prints`` are the fingerprints of their contents.
    """

    shelf: PrefixCachePool
    images: dict[tuple[str, Form, ReadAs], ImageSet] = field(default_factory=dict)
    begun: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    prints: dict[tuple[str, Form], Prints] = field(default_factory=dict)


def execute(
    job: Job, settings: dict[str, Any], shared: Shared | None = None, until: int | None = None
) -> dict[str, Any]:
    """Fine-tune by the settings of a run folder, from where an earlier worker left off; return what its end adds.

    Goes to the end of epoch ``until``, None is the last; ``reason`` says whether it did.
    Raises ``StoppedEarly`` where it is stopped before training, and ``TlvizError`` for a person's mistake.
    """
    config = FinetuneConfig.from_json(settings)
    with memory_errors(config):
        return _execute(job, config, shared, until)


def _execute(job: Job, config: FinetuneConfig, shared: Shared | None, until: int | None) -> dict[str, Any]:
    begun = job.clock()
    state = set_up(job, config, shared)
    _check_contents(job.run, state.session, shared)
    if os.path.lexists(job.run.last_state):
        begun -= restore(state, _read_state(job.run))
    reason = RunLogger(job, state, begun).write(until)
    if state.best is None:
        raise StoppedEarly
    return {
        "status": Status.STOPPED if reason is StopReason.REQUEST else Status.FINISHED,
        "reason": reason,
        "best_epoch": state.best.epoch,
        "best_val_accuracy": state.best.val_accuracy,
        "test_accuracy": None if reason is StopReason.RUNG else _test_accuracy(job, state),
        "peak_memory_mb": peak_memory_mb(state.session.device),
        "duration_s": job.clock() - begun,
        "shared_s": state.all_saved_s(),
    }


def set_up(job: Job, config: FinetuneConfig, shared: Shared | None = None) -> State:
    """Put images, split and network of a run together.  Raises ``StoppedEarly`` and ``TlvizError`` as ``execute``."""
    check_startable(config)
    prepare_torch(config.threads, deterministic=config.deterministic)
    device = choose_device(config.device)
    begun = _begun(job, config, shared)
    if begun is not None:
        config = config.with_depth(Depth.from_json(begun.get("depth") or {}))
    images = _images(job, config, shared, begun)
    if begun is None:
        need_answers(images.reading)
    copies = _copies(job, config, images, shared)  # of the target as the person reads it
    config = config.with_depth(images.depth)
    network = _build(config, images)
    split = part_images(images, copies, config.seed, config.split_plan)
    images = replace(images, may_flip=config.flip.allows(images.may_flip))
    shelf = shared.shelf if shared else None
    return State(Session(network, images, split, config, device, job.should_stop, copies, job.clock, shelf))


def _images(job: Job, config: FinetuneConfig, shared: Shared | None, begun: Mapping[str, Any] | None) -> ImageSet:
    """Return the decoded target, for runs that share it from memory; one that has begun reads it as it did then."""
    key = config.data, config.geometry, config.read_as
    if shared is None or key not in shared.images:
        with decoding_errors():
            progress = partial(telling(job, UnknownShare()), "reading images")
            classes, is_new = _classes(begun), begun is None
            images = load_as_begun(*key, classes, progress, find_range=is_new)
        if shared is None:
            return images
        shared.images[key] = images
    return shared.images[key]


def _begun(job: Job, config: FinetuneConfig, shared: Shared | None) -> Mapping[str, Any] | None:
    """Return what the run, or else the first of its race, recorded of its pictures when it began."""
    return recorded_pictures(job.run) or (shared.begun.get(config.data) if shared else None)


def _classes(begun: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(map(str, begun.get("classes", ()))) if begun else ()


def _copies(job: Job, config: FinetuneConfig, images: ImageSet, shared: Shared | None) -> tuple[tuple[str, ...], ...]:
    """Return the groups of copies that must stay in one part: those the run began with, else what the doctor knows.

    Runs of a race begin with those of its first one.  Raises ``BadDatasetError`` where a run is taken up again on other
    pictures.
    """
    begun = _begun(job, config, shared)
    if begun is None:
        report = known_report(images.name, config.read_as)
        begun = {"copies": report.groups if report else (), "excluded": images.excluded, "pictures": images.digest}
    if shared:
        shared.begun.setdefault(config.data, begun)
    if tuple(begun.get("excluded", ())) != images.excluded:
        raise BadDatasetError(
            "The pictures excluded from the target have changed since this run or its race began; start a new one."
        )
    if begun.get("pictures", images.digest) != images.digest:
        raise BadDatasetError(
            f"The pictures of {images.title} have changed since this run or its race began: some were added, removed "
            "or moved to another class. Put them back, or start a new one."
        )
    return tuple(tuple(group) for group in begun.get("copies", ()))


def _check_contents(run: RunFolder, session: Session, shared: Shared | None) -> None:
    """Note what is in the pictures when a run begins.

    Raises ``BadDatasetError`` where it is taken up again and the content of some has changed.
    """
    images, known = session.images, shared.prints if shared else {}
    key = images.digest, session.config.geometry
    now = known[key] = known[key] if key in known else fingerprints(images)
    if recorded_pictures(run) is None:
        run.keep_prints(now.tobytes())
        return
    before = run.prints() or b""  # a run of an earlier version has none
    changed = changed_names(images, np.frombuffer(before, "<u4"), now) if len(before) == now.nbytes else []
    if changed:
        raise BadDatasetError(
            f"The content of {len(changed):,} of the pictures of {images.title} has changed since this run began: "
            f"{named(changed)}. Put the former files back, or start a new run."
        )


def _read_state(run: RunFolder) -> bytes:
    """Read the state to resume from.  Raises ``BadWeightsError`` where something else is in its place."""
    try:
        return read_bytes(run.last_state, LARGEST_STATE)
    except (OSError, DamagedFileError) as error:
        raise BadWeightsError(
            f"The run's last state, {run.last_state}, cannot be read ({error}); start the run anew."
        ) from error


def recorded_pictures(run: RunFolder) -> Mapping[str, Any] | None:
    """Return what a run recorded of its pictures when it began, None where it has not begun."""
    return next((event for event in run.events() if event.get("event") == "started"), None)


def _test_accuracy(job: Job, state: State) -> float | None:
    """Score the best weights, as they were saved, on the test images; None without such, or where stopped meanwhile."""
    if not len(state.session.split.test):
        return None
    job.tell(Status.RUNNING, "evaluating the best weights on the test images", 1.0)
    try:
        return score_test(job.run, state).accuracy
    except Halted:
        return None


def score_test(run: RunFolder, state: State) -> Score:
    """Score a run's saved best weights on its test images, of which there is one at least.

    Raises ``BadWeightsError`` where there are no weights, and ``Halted`` where it is stopped meanwhile.
    """
    session = replace(state.session, network=load_bundle(run.weights))
    session.network.module.to(session.device)
    return evaluate(session, BatchSource.whole(session, state.pictures), session.split.test)


def _build(config: FinetuneConfig, images: ImageSet) -> Network:
    return build_for_target(
        find_model(config.model),
        images.classes,
        pretrained=find_strategy(config.strategy).pretrained,
        seed=config.seed,
        dropout=config.dropout,
        size=config.image_size,
    )
