"""The fine-tuning loop: a generator that trains one network and yields what happened."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.data.augment import augment_light, augment_strong
from tlviz.data.images import ImageSet
from tlviz.data.splits import Indices, Split
from tlviz.errors import TlvizError
from tlviz.finetune.config import Augment, FinetuneConfig, resolve_freeze
from tlviz.finetune.events import Epoch, Event, Progress, Started, Stopped, StopReason, is_better
from tlviz.finetune.param_groups import build_optimizer, freeze_stages, group_table, train_mode
from tlviz.measures.accuracy import accuracy
from tlviz.models.load import Network, normalise

EVAL_BATCH = 64


@dataclass(frozen=True, slots=True)
class Score:
    """Mean cross-entropy and accuracy (a fraction) over some images."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Session:
    """What one run works on: a network of its own, the images with their split, and where it computes."""

    network: Network
    images: ImageSet
    split: Split
    config: FinetuneConfig
    device: torch.device
    should_stop: Callable[[], bool]


def finetune(session: Session) -> Iterator[Event]:
    """Train by ``session.config`` and yield events; after each ``Epoch`` the network holds that epoch's weights.

    The first ``Epoch`` is number 0: validation before training.  Ends with ``Stopped``.  Raises ``TlvizError``
    where the loss is no longer a number.
    """
    config, network = session.config, session.network
    module = network.module.to(session.device)
    freeze = resolve_freeze(config, network.stages)
    freeze_stages(module, network.stages, freeze)
    optimizer = build_optimizer(module, network.stages, config, freeze)
    yield Started(
        freeze=freeze,
        groups=group_table(optimizer),
        trainable_parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
        frozen_parameters=sum(p.numel() for p in module.parameters() if not p.requires_grad),
        train_images=len(session.split.train),
        validation_images=len(session.split.validation),
        test_images=len(session.split.test),
        device=str(session.device),
    )
    before = evaluate(session, session.split.validation)
    if before is None:
        yield Stopped(StopReason.REQUEST)
        return
    best = Epoch(0, None, None, before.loss, before.accuracy, 0.0, 0.0)
    yield best
    generator = torch.Generator().manual_seed(config.seed)
    for number in range(1, config.epochs + 1):
        begun = time.perf_counter()
        train_mode(module, network.stages, freeze)
        trained = yield from _train_epoch(session, optimizer, number, generator)
        if trained is None:
            yield Stopped(StopReason.REQUEST)
            return
        duration_s = time.perf_counter() - begun
        score = evaluate(session, session.split.validation)
        if score is None:
            yield Stopped(StopReason.REQUEST)
            return
        _check_finite(score.loss, number, config)
        images_per_s = len(session.split.train) / duration_s
        epoch = Epoch(number, trained.loss, trained.accuracy, score.loss, score.accuracy, duration_s, images_per_s)
        yield epoch
        if is_better(epoch, best):
            best = epoch
        elif number - best.epoch >= config.patience:
            yield Stopped(StopReason.PATIENCE)
            return
    yield Stopped(StopReason.EPOCHS)


def evaluate(session: Session, indices: Indices) -> Score | None:
    """Return loss and accuracy over images, in eval mode and without gradients, or None where stopped meanwhile."""
    logits = predict_logits(session, indices)
    if logits is None:
        return None
    labels = torch.from_numpy(session.images.labels[indices])
    return Score(nn.functional.cross_entropy(logits, labels).item(), accuracy(logits, labels))


def predict_logits(session: Session, indices: Indices) -> Tensor | None:
    """Return the logits (n, C) of images on the CPU, from the network in eval mode, or None where stopped meanwhile."""
    module = session.network.module.eval()
    parts: list[Tensor] = []
    with torch.no_grad():
        for at in range(0, len(indices), EVAL_BATCH):
            if session.should_stop():
                return None
            pixels = _pixels(session, indices[at : at + EVAL_BATCH])
            parts.append(module(_inputs(session, pixels)).float().cpu())
    return torch.cat(parts)


def _check_finite(loss: float, epoch: int, config: FinetuneConfig) -> None:
    if not math.isfinite(loss):
        raise TlvizError(
            f"The loss is no longer a number in epoch {epoch}; lower the learning rates (head {config.head_lr:g}, "
            f"backbone {config.backbone_lr:g}). The best weights so far are kept."
        )


def _train_epoch(
    session: Session, optimizer: torch.optim.Optimizer, epoch: int, generator: torch.Generator
) -> Generator[Progress, None, Score | None]:
    """Train once over the images; yield progress after each step; return the mean score, or None where stopped."""
    config, module = session.config, session.network.module
    train = session.split.train
    order = train[torch.randperm(len(train), generator=generator).numpy()]
    steps = math.ceil(len(order) / config.batch_size)
    loss_sum = torch.zeros((), device=session.device)
    right = torch.zeros((), device=session.device)
    torch.manual_seed(config.seed * 100_003 + epoch)  # dropout
    for step, batch in enumerate(np.array_split(order, steps), start=1):
        if session.should_stop():
            return None
        pixels = _augment(session, _pixels(session, batch), generator)
        labels = torch.from_numpy(session.images.labels[batch]).to(session.device)
        logits = module(_inputs(session, pixels))
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += loss.detach() * len(batch)
        right += (logits.detach().argmax(1) == labels).sum()
        yield Progress(epoch, step, steps)
    mean_loss = loss_sum.item() / len(order)
    _check_finite(mean_loss, epoch, config)
    return Score(mean_loss, right.item() / len(order))


def _pixels(session: Session, indices: Indices) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(session.images.pixels[indices]))


def _inputs(session: Session, pixels: Tensor) -> Tensor:
    return normalise(pixels.to(session.device), session.network.spec.preprocessing)


def _augment(session: Session, pixels: Tensor, generator: torch.Generator) -> Tensor:
    match session.config.augment:
        case Augment.LIGHT:
            return augment_light(pixels, may_flip=session.images.may_flip, generator=generator)
        case Augment.STRONG:
            return augment_strong(pixels, may_flip=session.images.may_flip, generator=generator)
    return pixels
