"""The fine-tuning loop: it trains a network phase by phase and yields what happens."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import torch

from tlviz.data.training.splits import Indices
from tlviz.errors import TlvizError
from tlviz.finetune.device import memory_errors, peak_memory_mb
from tlviz.finetune.events import Epoch, Event, Progress, Started, Stopped, StopReason, Unfrozen, is_better
from tlviz.finetune.freezing import trainable_count
from tlviz.finetune.meters import GradientMeter, TrainingMeter, weight_drift
from tlviz.finetune.param_groups import group_table, rates_by_stage, scale_rates
from tlviz.finetune.pictures import seed_of
from tlviz.finetune.plan import schedule_factor
from tlviz.finetune.scoring import Score, predict_logits, score
from tlviz.finetune.session import Halted, Session
from tlviz.finetune.state import State
from tlviz.finetune.step import backward


def finetune(session: Session) -> Iterator[Event]:
    """Train by ``session.config`` from the beginning and yield events, as ``train`` does."""
    return train(State(session))


def train(state: State) -> Iterator[Event]:
    """Train from where a state stands to its end; at each ``Epoch`` the state is the one at that epoch's end.

    The first ``Epoch`` is number 0: validation before training.  Ends with ``Stopped``.  Raises ``TlvizError``
    where the loss is no longer a number, or where memory runs out.
    """
    try:
        with memory_errors(state.session.config):
            yield from _epochs(state)
    except Halted:
        yield Stopped(StopReason.REQUEST)


def _epochs(state: State) -> Iterator[Event]:
    if state.best is None:
        state.begin()
        yield _started(state)
        before = _validate(state)
        start = Epoch(0, None, None, before.loss, before.accuracy, 0.0, 0.0, before.macro_f1, val_hits=before.hits)
        yield _remember(state, start)
    for number in range(state.epoch + 1, state.session.config.epochs + 1):
        if _has_lost_patience(state):
            yield Stopped(StopReason.PATIENCE)
            return
        if state.phase_of(number) != state.phase:
            state.enter(state.phase_of(number))
            yield _unfrozen(state, number)
        epoch = yield from _train_and_validate(state, number)
        yield _remember(state, epoch)
    yield Stopped(StopReason.PATIENCE if _has_lost_patience(state) else StopReason.EPOCHS)


def _train_and_validate(state: State, number: int) -> Generator[Progress, None, Epoch]:
    begun, saved_s = state.session.clock(), state.all_saved_s()
    gradients, trained = GradientMeter(state.optimizer), TrainingMeter(state.session.device)
    yield from _train(state, number, gradients, trained)
    train_loss, train_accuracy = trained.read()
    _check_finite(state, train_loss, number)
    duration_s, saved_s = state.session.clock() - begun, state.all_saved_s() - saved_s
    score = _validate(state)
    _check_finite(state, score.loss, number)
    return Epoch(
        epoch=number,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        val_loss=score.loss,
        val_accuracy=score.accuracy,
        duration_s=duration_s,
        images_per_s=len(state.session.split.train) / duration_s,
        val_macro_f1=score.macro_f1,
        val_hits=score.hits,
        shared_s=saved_s,
        rates=rates_by_stage(state.optimizer),
        gradient_norms=gradients.norms(),
        noise_scale=gradients.noise_scale(),
        weight_drift=weight_drift(state.module, state.session.network.stages, state.starts),
        memory_mb=peak_memory_mb(state.session.device),
    )


def _train(state: State, number: int, gradients: GradientMeter, trained: TrainingMeter) -> Iterator[Progress]:
    """Go once over the training images; yield progress after each update.

    Order, augmentation and dropout come from the epoch's own seed: an epoch depends on the state before it and on
    nothing else.
    """
    config, train = state.session.config, state.session.split.train
    generator = torch.Generator().manual_seed(seed_of(config.seed, number))
    torch.manual_seed(seed_of(config.seed, number, 1))  # dropout
    order = train[torch.randperm(len(train), generator=generator).numpy()]
    state.feed.prepare(train, number)
    state.feed.train_mode()
    count = math.ceil(len(order) / (config.batch_size * config.accumulate))
    batches = state.pictures.batches(order, count, generator)
    for step, batch in enumerate(batches, start=1):
        state.session.halt_if_asked()
        done = number - 1 + (step - 0.5) / len(batches)
        scale_rates(state.optimizer, schedule_factor(config.schedule, done, config.epochs, config.warmup))
        _update(state, batch, number, generator, gradients, trained)
        yield Progress(number, step, len(batches))


def _update(
    state: State,
    batch: Indices,
    number: int,
    generator: torch.Generator,
    gradients: GradientMeter,
    trained: TrainingMeter,
) -> None:
    """Make one update from a batch and take down what it tells."""
    state.optimizer.zero_grad(set_to_none=True)
    backward(state, batch, number, generator, trained.note)
    gradients.note(len(batch))
    state.optimizer.step()
    if state.pull:
        state.pull.step(state.optimizer)
    if state.averaged:
        state.averaged.update()


def _validate(state: State) -> Score:
    """Score the validation images, and keep the logits for whoever wants to know image by image."""
    session, validation = state.session, state.session.split.validation
    with state.best_guess():
        state.logits = predict_logits(session, state.feed, validation)
    return score(state.logits, torch.from_numpy(session.images.labels[validation]))


def _remember(state: State, epoch: Epoch) -> Epoch:
    """Note that an epoch is done, and whether it is the best so far."""
    state.epoch = epoch.epoch
    if is_better(epoch, state.best, state.session.config.monitor):
        state.best = epoch
    return epoch


def _has_lost_patience(state: State) -> bool:
    """Return whether the last phase has gone on for too long without a better epoch."""
    if state.best is None or state.phase != state.phases[-1]:
        return False
    return state.epoch - max(state.best.epoch, state.phase.first_epoch - 1) >= state.session.config.patience


def _check_finite(state: State, loss: float, epoch: int) -> None:
    config = state.session.config
    if not math.isfinite(loss):
        raise TlvizError(
            f"The loss is no longer a number in epoch {epoch}; lower the learning rates (head {config.head_lr:g}, "
            f"backbone {config.backbone_lr:g}). The best weights so far are kept."
        )


def _started(state: State) -> Started:
    session = state.session
    trainable, frozen = trainable_count(state.module)
    return Started(
        freeze=state.phase.depth,
        frozen=state.frozen_names(),
        switches=[phase.first_epoch for phase in state.phases[1:]],
        groups=group_table(state.optimizer),
        trainable_parameters=trainable,
        frozen_parameters=frozen,
        train_images=len(session.split.train),
        validation_images=len(session.split.validation),
        test_images=len(session.split.test),
        device=str(session.device),
        note=state.feed.note,
    )


def _unfrozen(state: State, number: int) -> Unfrozen:
    trainable, frozen = trainable_count(state.module)
    return Unfrozen(number, state.frozen_names(), group_table(state.optimizer), trainable, frozen, state.feed.note)
