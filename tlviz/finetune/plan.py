"""What is frozen when, and at which rate the rest trains: plain data, no network needed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.finetune.choices import Schedule
from tlviz.finetune.config import SETTINGS, FinetuneConfig
from tlviz.finetune.strategies import Unfreezing, default_freeze, find_strategy
from tlviz.models.spec import Stage

EARLY_SHARE = 0.2
CYCLE_RISE = 0.3
CYCLE_START = 1 / 25
CYCLE_END = 1e-4


@dataclass(frozen=True, slots=True)
class Phase:
    """From ``first_epoch`` (1 is the first) on, these stages are frozen and all rates are multiplied by a factor.

    ``unfrozen`` were frozen before and are not now.
    """

    first_epoch: int
    frozen: frozenset[int]
    rate_factor: float
    unfrozen: frozenset[int] = frozenset()

    @property
    def depth(self) -> int:
        """How many stages from the stem on are frozen without a gap: what one prefix can hold."""
        return next(at for at in range(len(self.frozen) + 1) if at not in self.frozen)


def plan_phases(config: FinetuneConfig, stages: Sequence[Stage]) -> tuple[Phase, ...]:
    """Return the phases of a run in order, the first from epoch 1 on.

    Raises ``BadSettingError`` or ``UnknownNameError`` for stages the network does not have.
    """
    kept = frozen_to_the_end(config, stages)
    backbone = frozenset(range(len(stages) - 1))
    how = find_strategy(config.strategy).unfreeze
    steps = [(1, kept if how is Unfreezing.NEVER else backbone)]
    if config.unfreeze is not None:
        steps += parse_unfreeze(config.unfreeze, config.epochs, stages)
    else:
        steps += _preset_steps(how, config.epochs, kept, len(stages))
    merged: list[Phase] = []
    for epoch, frozen in steps:
        if merged and merged[-1].first_epoch == epoch:
            merged[-1] = Phase(epoch, frozen, merged[-1].rate_factor)
        elif not merged or merged[-1].frozen != frozen:
            merged.append(Phase(epoch, frozen, config.unfreeze_factor ** len(merged)))
    before = itertools.accumulate((phase.frozen for phase in merged), frozenset.union, initial=frozenset[int]())
    return tuple(replace(phase, unfrozen=known - phase.frozen) for phase, known in zip(merged, before, strict=False))


def frozen_to_the_end(config: FinetuneConfig, stages: Sequence[Stage]) -> frozenset[int]:
    """Return the stages, by position, that are still frozen when a run ends.

    Raises ``BadSettingError`` or ``UnknownNameError`` for stages the network does not have.
    """
    if config.frozen is not None:
        return _named(config.frozen, stages)
    freeze = default_freeze(find_strategy(config.strategy), stages) if config.freeze is None else config.freeze
    return _first(freeze, stages)


def phase_at(phases: Sequence[Phase], epoch: int) -> Phase:
    """Return the phase that an epoch (1 is the first) belongs to."""
    return next(phase for phase in reversed(phases) if phase.first_epoch <= max(1, epoch))


def stage_rates(config: FinetuneConfig, shares: Sequence[float], rate_factor: float) -> list[float]:
    """Return the learning rate of every stage: the backbone's falls by ``layer_decay`` a stage, towards the stem.

    ``shares`` are further factors of the backbone stages, 0 to 1, such as relative gradient norms.
    """
    backbone = [
        config.backbone_lr * share * config.layer_decay ** (len(shares) - 1 - at) for at, share in enumerate(shares)
    ]
    return [rate * rate_factor for rate in (*backbone, config.head_lr)]


def backbone_beside(config: FinetuneConfig, head_lr: float) -> float:
    """Return the backbone rate that keeps a plan's proportion beside another head rate, inside its allowed range."""
    return SETTINGS["backbone_lr"].nearest(config.backbone_lr * head_lr / config.head_lr)


def schedule_factor(schedule: Schedule, at: float, epochs: float, warmup: float) -> float:
    """Return what all rates are multiplied by after ``at`` of ``epochs`` epochs, both may be fractions.

    ``cosine`` falls from 1 to 0 (Loshchilov & Hutter 2017, without restarts); ``one_cycle`` rises from 1/25 over the
    first 30% and falls to 0.0001 (Smith & Topin 2018, with its own warm-up); the others rise in a line over ``warmup``.
    """
    if schedule is Schedule.ONE_CYCLE:
        top = CYCLE_RISE * epochs
        if at < top:
            return _cosine(CYCLE_START, 1.0, at / top)
        return _cosine(1.0, CYCLE_END, (at - top) / (epochs - top))
    if at < warmup:
        return at / warmup
    if schedule is Schedule.COSINE:
        return _cosine(1.0, 0.0, (at - warmup) / (epochs - warmup))
    return 1.0


def parse_unfreeze(text: str, epochs: int, stages: Sequence[Stage]) -> list[tuple[int, frozenset[int]]]:
    """Read ``EPOCH:WHAT`` pairs, where WHAT is a depth or stage names joined by ``+``, as they follow one another.

    Returns from which epoch on which stages are frozen.  Raises ``BadSettingError`` or ``UnknownNameError``.
    """
    steps: list[tuple[int, frozenset[int]]] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        epoch, _, what = part.partition(":")
        if not epoch.isdecimal() or not what:
            raise BadSettingError(
                f"unfreeze holds '{part}'; write EPOCH:DEPTH, such as 6:0, or EPOCH:STAGE+STAGE, with commas between."
            )
        previous = steps[-1][0] if steps else 1
        if not previous < int(epoch) <= epochs:
            raise BadSettingError(
                f"unfreeze changes at epoch {epoch}; its epochs must rise and lie between 2 and {epochs}, the last one."
            )
        steps.append((int(epoch), _first(int(what), stages) if what.isdecimal() else _named(what.split("+"), stages)))
    return steps


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _preset_steps(how: Unfreezing, epochs: int, kept: frozenset[int], count: int) -> list[tuple[int, frozenset[int]]]:
    """Return the later (epoch, frozen stages) of a strategy, which end with what is ``kept`` frozen."""
    if how is Unfreezing.NEVER:
        return []
    if how is Unfreezing.STEPWISE:
        opened = [at for at in reversed(range(count - 1)) if at not in kept]
        phases = len(opened) + 1
        return [
            (1 + phase * epochs // phases, kept | frozenset(range(opened[phase - 1]))) for phase in range(1, phases)
        ]
    share = 0.5 if how is Unfreezing.HALFWAY else EARLY_SHARE
    return [(1 + max(1, round(share * epochs)), kept)] if epochs > 1 else []


def _first(depth: int, stages: Sequence[Stage]) -> frozenset[int]:
    if not 0 <= depth < len(stages):
        raise BadSettingError(
            f"freeze is {depth}; it must be between 0 (train everything) and {len(stages) - 1} (train the head only)."
        )
    return frozenset(range(depth))


def _named(names: Sequence[str], stages: Sequence[Stage]) -> frozenset[int]:
    known = [stage.name for stage in stages]
    for name in names:
        if name not in known:
            raise UnknownNameError("stage", name, known)
        if name == known[-1]:
            raise BadSettingError(f"The stage {name} is new for the target, so it cannot be frozen; name earlier ones.")
    return frozenset(known.index(name) for name in names)
