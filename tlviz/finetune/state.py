"""What a run is made of while it goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from tlviz.data.training.splits import Indices
from tlviz.finetune import lora
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.choices import BatchNorm, StageRates, Tune
from tlviz.finetune.device import pass_size
from tlviz.finetune.dropout import quicken_dropout
from tlviz.finetune.events import Epoch
from tlviz.finetune.freezing import moving_names, set_trainable
from tlviz.finetune.items import items_of
from tlviz.finetune.param_groups import build_optimizer, is_decayed
from tlviz.finetune.pictures import shuffled
from tlviz.finetune.plan import Phase, phase_at, plan_phases, stage_rates
from tlviz.finetune.regularise import AveragedWeights, PullToStart, training_loss
from tlviz.finetune.session import Session
from tlviz.finetune.strategies import find_strategy
from tlviz.finetune.surgery import gradient_shares
from tlviz.models.batchnorm import batchnorms, reestimate_statistics
from tlviz.models.stages import named_stage_parameters, stage_modules

ESTIMATE_BATCH = 64
ESTIMATE_LEAST = 4
"""Statistics of fewer pictures at once would say little of how pictures differ."""


class State:
    """The network on its device with all that changes in training; ``enter`` goes from one phase to the next.

    ``moving`` are the tensors by name that the run may change, ``starts`` copies of them as they were; ``shares`` are
    the backbone stages' factors of the backbone rate; ``epoch`` is the last one that is done; ``logits`` (n, C) are
    what it said of the validation images, None right after a run was taken up again.
    """

    def __init__(self, session: Session) -> None:
        """Set a run up in its first phase, with nothing kept of what frozen stages compute until it is entered.

        Raises ``TlvizError`` where the settings do not fit the network.
        """
        config, network = session.config, session.network
        self.session = session
        self.module = network.module.to(session.device)
        quicken_dropout(self.module)
        self.pictures = items_of(session)
        self.phases = plan_phases(config, network.stages)
        always_frozen = frozenset.intersection(*(phase.frozen for phase in self.phases))
        if config.tune is Tune.LORA:
            sample = self.pictures.plain(session.split.train[:1])
            lora.inject(self.module, network.stages, always_frozen, config.lora_rank, config.seed, sample)
        tensors = self.module.state_dict()
        names = moving_names(self.module, network.stages, always_frozen, config.tune, config.batchnorm)
        self.moving = {name: tensors[name] for name in names}
        self.starts = {name: tensor.clone() for name, tensor in self.moving.items()}
        self.loss = training_loss(config, self.pictures.labels(session.split.train), len(network.classes))
        self.pull = PullToStart(self._pretrained(), config.l2_sp) if config.l2_sp else None
        self.averaged = AveragedWeights(self.moving, config.ema) if config.ema else None
        self.shares = [1.0] * (len(network.stages) - 1)
        self.epoch = 0
        self.best: Epoch | None = None
        self.logits: torch.Tensor | None = None
        self.saved_s = 0.0
        self.phase = self.phases[0]
        self.feed = BatchSource.whole(session, self.pictures)
        self._require_gradients()
        self.optimizer = self._new_optimizer()

    def begin(self) -> None:
        """Enter the first phase; re-estimate BatchNorm statistics where that is wanted."""
        if self.session.config.batchnorm is BatchNorm.REESTIMATE:
            self._reestimate()
            if self.averaged:
                self.averaged.restore(self.moving, steps=0)  # what is averaged begins with these statistics
        self.enter(self.phases[0])

    def enter(self, phase: Phase) -> None:
        """Freeze and unfreeze by a phase's plan, share out the rates and rebuild the optimizer."""
        config = self.session.config
        self.freeze(phase)
        opened = len(phase.frozen) < len(self.shares)
        if config.stage_rates is StageRates.GRADIENT and opened:
            self.shares = gradient_shares(self.session, self.pictures)
        self.build_optimizer()

    def freeze(self, phase: Phase) -> None:
        """Let exactly what a phase trains require gradients, and feed it."""
        self.phase = phase
        later = [other.first_epoch for other in self.phases if other.first_epoch > phase.first_epoch]
        self._require_gradients()
        self.saved_s += self.feed.saved_s
        self.feed = BatchSource.whole(self.session, self.pictures)  # what the phase before has kept makes room first
        epochs = min([*later, self.session.config.epochs + 1]) - phase.first_epoch
        shelf = self.session.shelf if self._has_source_prefix(phase) else None
        # The averages of stages that trained before go on following them for some steps.
        is_still = self.averaged is None or self._has_frozen_prefix(phase)
        self.feed = BatchSource(self.session, self.pictures, phase, epochs, shelf, is_still=is_still)

    def build_optimizer(self) -> None:
        """Build the optimizer of the present phase; what trained in the phase before keeps its moments."""
        self.optimizer = self._new_optimizer(self.optimizer)

    def phase_of(self, epoch: int) -> Phase:
        """Return the phase that an epoch belongs to."""
        return phase_at(self.phases, epoch)

    def frozen_names(self) -> list[str]:
        """Return the names of the stages that are frozen now."""
        return [stage.name for at, stage in enumerate(self.session.network.stages) if at in self.phase.frozen]

    def best_guess(self) -> AbstractContextManager[None]:
        """Hold the weights that are validated and kept in the network: the averaged ones where there are any."""
        return self.averaged.in_place() if self.averaged else nullcontext()

    def all_saved_s(self) -> float:
        """Return how many seconds of computing the shelf has saved this session so far."""
        return self.saved_s + self.feed.saved_s

    def _require_gradients(self) -> None:
        """Let exactly what the present phase trains require gradients."""
        config = self.session.config
        set_trainable(self.module, self.session.network.stages, self.phase.frozen, config.tune, config.batchnorm)

    def _new_optimizer(self, previous: torch.optim.Optimizer | None = None) -> torch.optim.Optimizer:
        rates = stage_rates(self.session.config, self.shares, self.phase.rate_factor)
        return build_optimizer(self.module, self.session.network.stages, rates, self.session.config, previous)

    def _has_source_prefix(self, phase: Phase) -> bool:
        """Return whether the stages before a phase's depth are still the pretrained ones to the byte."""
        config = self.session.config
        return (
            find_strategy(config.strategy).pretrained
            and config.tune is not Tune.LORA
            and config.batchnorm is BatchNorm.FROZEN
            and not config.ema
            and self._has_frozen_prefix(phase)
        )

    def _has_frozen_prefix(self, phase: Phase) -> bool:
        """Return whether the stages before a phase's depth have been frozen from the beginning up to it."""
        earlier = [other for other in self.phases if other.first_epoch <= phase.first_epoch]
        return all(other.frozen.issuperset(range(phase.depth)) for other in earlier)

    def _pretrained(self) -> dict[torch.nn.Parameter, torch.Tensor]:
        """Return where the backbone's weights start, those left out that weight decay spares."""
        return {
            parameter: self.starts[name]
            for stage in self.session.network.stages[:-1]
            for name, parameter in named_stage_parameters(self.module, stage)
            if name in self.starts and is_decayed(name, parameter)
        }

    def _reestimate(self) -> None:
        """Measure the statistics of the first phase's frozen BatchNorm layers on the training pictures."""
        network, train = self.session.network, self.session.split.train
        parts = [part for at in self.phases[0].frozen for part in stage_modules(self.module, network.stages[at])]
        norms = [norm for part in parts for norm in batchnorms(part)]
        # Pictures lie class by class: the statistics of a chunk of one class would not be those of the target.
        mixed = shuffled(train, self.session.config.seed, 0, 1)
        size = max(ESTIMATE_LEAST, pass_size(ESTIMATE_BATCH, self.session.config.batch_size))
        chunks = np.array_split(mixed, max(1, round(len(train) / size)))

        def pictures(chunk: Indices) -> torch.Tensor:
            self.session.halt_if_asked()
            return self.pictures.plain(chunk)

        reestimate_statistics(self.module, norms, map(pictures, chunks))
