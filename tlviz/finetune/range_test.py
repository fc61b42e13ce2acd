"""The learning-rate range test: the rates rise step by step until the loss blows up, and then it never happened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.finetune.param_groups import build_optimizer, scale_rates
from tlviz.finetune.pictures import seed_of
from tlviz.finetune.plan import stage_rates
from tlviz.finetune.scoring import evaluate
from tlviz.finetune.state import State
from tlviz.finetune.step import backward
from tlviz.measures.paired import unpack_hits
from tlviz.measures.range_test import has_blown_up, smoothed, suggested_rate
from tlviz.models.hooks import kept_modes

LOWEST, HIGHEST = 1e-7, 10.0
STEPS = 100


@dataclass(frozen=True, slots=True)
class RangeTest:
    """Head rates that were tried, rising, with the smoothed training loss at each, and the suggested one.

    The backbone's rates rose with the head's, in the proportion of the run's settings.  ``suggested`` is None where
    the loss never fell.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float | None


def range_test(state: State, steps: int = STEPS) -> RangeTest:
    """Try head rates from 1e-7 to 10 on a state that has entered a phase, and leave it as it was.

    Smith 2017 (https://arxiv.org/abs/1506.01186).  Weights, buffers, gradients, moments, rates, modes and random states
    are the same afterwards, also after an exception.  Raises ``Halted`` where a stop is asked for.
    """
    rates = np.geomspace(LOWEST, HIGHEST, steps).tolist()
    losses: list[float] = []
    with _undone(state):
        for loss in _losses(state, rates):
            losses.append(loss)
            if has_blown_up(smoothed(losses)):
                break
    curve = [loss for loss in smoothed(losses) if math.isfinite(loss)]
    tried = rates[: len(curve)]
    return RangeTest(tuple(tried), tuple(curve), suggested_rate(tried, curve))


def hits_after(state: State, rate: float, steps: int) -> NDArray[np.bool_]:
    """Return which validation images (n,) are named rightly after some steps at a head rate; then it never happened.

    The backbone's rates are in their proportion to the head's.  Raises ``Halted`` where a stop is asked for.
    """
    validation = state.session.split.validation
    with _undone(state):
        for loss in _losses(state, [rate] * steps):
            if not math.isfinite(loss):
                return np.zeros(len(validation), bool)
        hits = unpack_hits(evaluate(state.session, state.feed, validation).hits, len(validation))
    return np.zeros(len(validation), bool) if hits is None else hits


def _losses(state: State, rates: list[float]) -> Iterator[float]:
    """Train as a run does, with an optimizer of its own, one batch a rate; yield the loss before each step."""
    config, train, network = state.session.config, state.session.split.train, state.session.network
    full = stage_rates(config, state.shares, state.phase.rate_factor)
    optimizer = build_optimizer(state.module, network.stages, full, config)
    generator = torch.Generator().manual_seed(seed_of(config.seed, 2))
    torch.manual_seed(seed_of(config.seed, 3))
    state.feed.prepare(train, epoch=1)
    state.feed.train_mode()
    for rate in rates:
        state.session.halt_if_asked()
        batch = train[torch.randperm(len(train), generator=generator)[: config.batch_size * config.accumulate].numpy()]
        scale_rates(optimizer, rate / full[-1])
        optimizer.zero_grad(set_to_none=True)
        loss = backward(state, batch, 1, generator)
        optimizer.step()
        if state.pull:
            state.pull.step(optimizer)
        yield loss.item()


@contextmanager
def _undone(state: State) -> Iterator[None]:
    """Let what happens to a network and the random state inside not have happened."""
    tensors = {name: tensor.clone() for name, tensor in state.moving.items()}
    gradients = {parameter: parameter.grad for parameter in state.module.parameters()}
    for parameter in gradients:
        parameter.grad = None
    with kept_modes(state.module), torch.random.fork_rng():
        try:
            yield
        finally:
            with torch.no_grad():
                for name, tensor in tensors.items():
                    state.moving[name].copy_(tensor)
            for parameter, gradient in gradients.items():
                parameter.grad = gradient
