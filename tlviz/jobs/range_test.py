"""The range test's job: which head rate suits a run's settings."""

from __future__ import annotations

from typing import Any

from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import memory_errors
from tlviz.finetune.param_groups import rates_by_stage
from tlviz.finetune.range_test import range_test
from tlviz.finetune.rate_check import check_rate
from tlviz.finetune.session import Halted
from tlviz.jobs.finetune import set_up
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.heartbeat import Status


def execute(job: Job, settings: dict[str, Any]) -> dict[str, Any]:
    """Try head rates by the settings of a run and return the curve and the suggestion for the last event.

    ``advised`` is the rate after a trial on held-out pictures: the run's own, unless the suggested one was better.
    ``phases`` counts those of the run, of which the first is tested; ``with_backbone``: whether any of the
    backbone trained, its rates rising with the head's.  Raises ``StoppedEarly``, and ``TlvizError`` for a person's
    mistake.
    """
    config = FinetuneConfig.from_json(settings)
    try:
        with memory_errors(config):
            state = set_up(job, config)
            state.begin()
            job.tell(Status.RUNNING, "trying learning rates")
            found = range_test(state)
            job.tell(Status.RUNNING, "training a little at the suggested rate and at the usual one", 0.5)
            check = check_rate(state, found.suggested)
    except Halted as halted:
        raise StoppedEarly from halted
    return {
        "status": Status.FINISHED,
        "rates": list(found.rates),
        "losses": list(found.losses),
        "suggested": found.suggested,
        "advised": check.advised,
        "trial": {"rates": list(check.rates), "accuracies": list(check.accuracies), "steps": check.steps},
        "why": check.words,
        "phases": len(state.phases),
        "with_backbone": len(rates_by_stage(state.optimizer)) > 1,
    }
