"""What a run trained from which epoch on, by its own events; by its settings before it has told."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import Phase, plan_phases
from tlviz.models.spec import Stage
from tlviz.runs.summary import RunSummary


def run_phases(summary: RunSummary, stages: Sequence[Stage]) -> tuple[Phase, ...]:
    """Return the phases that a run has been through so far, in order; those it plans while it has told none.

    Raises ``TlvizError`` where neither its events nor its settings fit these stages.
    """
    config = FinetuneConfig.from_json(summary.settings)
    places = {stage.name: at for at, stage in enumerate(stages)}
    told: dict[int, frozenset[int]] = {}
    for phase in summary.phases:
        frozen, epoch = phase.get("frozen"), phase.get("epoch", 1)
        if not isinstance(frozen, list) or not isinstance(epoch, int) or not places.keys() >= set(map(str, frozen)):
            return plan_phases(config, stages)
        told[epoch] = frozenset(places[str(name)] for name in frozen)
    if not told:
        return plan_phases(config, stages)
    return tuple(
        Phase(epoch, frozen, config.unfreeze_factor**at) for at, (epoch, frozen) in enumerate(sorted(told.items()))
    )
