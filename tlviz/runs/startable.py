"""Whether a run can start on this machine: one answer for the pages, the command line, a race and its worker."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import find_strategy
from tlviz.finetune.suits import refuse_settings
from tlviz.modality import need_pair
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.models.spec import Stage
from tlviz.runs.store.device import check_device


def check_startable(*configs: FinetuneConfig, stages: Sequence[Stage] | None = None) -> None:
    """Raise ``TlvizError`` with one sentence for the first of these runs that could not start here.

    Values are right already, as ``FinetuneConfig`` refuses others; what is asked here is whether the device is there,
    whether the weights are, whether the network has what is to train, and the stages that the plan names.
    ``stages`` are those of the network where the caller knows them; else they are derived from it, which imports torch.
    """
    for config in configs:
        check_device(config.device)
        need_pair(config.model, config.data, config.read_as)
        refuse_settings(config)
        if find_strategy(config.strategy).pretrained:
            need_weights(find_model(config.model))
        _check_plan(config, stages)
        if config.tune is not Tune.ALL:
            from tlviz.finetune.tunable import check_tune  # imports torch

            check_tune(config)


def _check_plan(config: FinetuneConfig, stages: Sequence[Stage] | None) -> None:
    """Raise ``BadSettingError`` or ``UnknownNameError`` where a person's plan is not for these stages."""
    if config.freeze is None and config.frozen is None and config.unfreeze is None:
        return  # a strategy's own plan fits every network
    if stages is None:
        from tlviz.finetune.tunable import stages_of  # imports torch

        stages = stages_of(find_model(config.model))
    plan_phases(config, stages)
