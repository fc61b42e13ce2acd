"""Whether a network has what a run wants to train, answered from its architecture before anything is started."""

from __future__ import annotations

from functools import lru_cache

from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.freezing import need_norms
from tlviz.finetune.lora import need_linears
from tlviz.finetune.plan import plan_phases
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture, architecture_stages
from tlviz.models.spec import ModelSpec, Stage
from tlviz.models.stages import picture_sample


def check_tune(config: FinetuneConfig) -> None:
    """Raise ``BadSettingError`` in the worker's own words where a network lacks what alone is to train.

    Also for a freeze plan that the network cannot have, as ``plan_phases``.
    """
    if config.tune is Tune.ALL:
        return
    spec = find_model(config.model)
    always_frozen = frozenset[int]()
    if config.tune is Tune.LORA:
        phases = plan_phases(config, stages_of(spec))
        always_frozen = frozenset.intersection(*(phase.frozen for phase in phases))
    refusal = _refusal(spec, config.tune, always_frozen)
    if refusal is not None:
        raise BadSettingError(refusal)


@lru_cache(maxsize=64)
def stages_of(spec: ModelSpec) -> tuple[Stage, ...]:
    """Return the stages a network has, with a head for two classes; kept, as building one takes up to seconds."""
    return architecture_stages(spec, 2)


@lru_cache(maxsize=64)
def _refusal(spec: ModelSpec, tune: Tune, frozen: frozenset[int]) -> str | None:
    """Return why a network cannot be tuned so, None where it can; kept, as building one takes up to seconds."""
    module, stages = architecture(spec, 2)
    try:
        if tune is Tune.NORMS:
            need_norms(module, stages)
        else:
            need_linears(module, stages, frozen, picture_sample(spec.preprocessing.size).to("meta"))
    except BadSettingError as error:
        return str(error)
    return None
