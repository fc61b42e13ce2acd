"""The learning-rate range test on the command line: the settings of a run, and the head rate that suits them."""

from __future__ import annotations

from typing import Any

from tlviz.cli.finetune import read_run
from tlviz.cli.output import Json, print_result
from tlviz.cli.reading import tell_reading
from tlviz.cli.settings import takes_settings
from tlviz.cli.waiting import explain_end, watch_job
from tlviz.finetune.config import SETTINGS, FinetuneConfig
from tlviz.finetune.plan import backbone_beside
from tlviz.runs.launch import start_range_test


@takes_settings(SETTINGS.values())
def find_rate(chosen: dict[str, Any], as_json: Json = False) -> int:
    """Try head rates from 1e-7 to 10 on 100 batches of a run, try the found one against the usual one, and advise."""
    config, target = read_run(chosen)
    run = start_range_test(config)
    tell_reading(target)
    watch_job(run)
    last = (run.events() or [{}])[-1]
    if "suggested" not in last:
        return explain_end(run, "The range test was stopped before its end.")
    found = {
        name: last[name]
        for name in ("rates", "losses", "suggested", "advised", "trial", "why", "phases", "with_backbone")
    }
    backbone = _backbone(config, last) if last["with_backbone"] else None
    advised = backbone_beside(config, last["advised"]) if last["with_backbone"] else None
    result = {"run": run.name} | found | {"suggested_backbone": backbone, "advised_backbone": advised}
    result["duration_s"] = last["duration_s"]
    print_result(result, as_json, _in_words(result))
    return 0


def _backbone(config: FinetuneConfig, last: dict[str, Any]) -> float | None:
    return None if last["suggested"] is None else backbone_beside(config, last["suggested"])


def _in_words(result: dict[str, Any]) -> str:
    where = " in the first phase, the only one that was tested" if result["phases"] > 1 else ""
    if result["suggested"] is None:
        return f"The loss never fell{where}, so no other rate is suggested. {result['why']}"
    lowest = min(result["losses"])
    rates = f"--head-lr {result['advised']:.2g}"
    if result["advised_backbone"] is not None:
        rates += f" --backbone-lr {result['advised_backbone']:.2g}"
    return (
        f"Advised{where}: {rates}. {result['why']} (The range test suggested {result['suggested']:.2g}, the middle of "
        f"the longest fall of the loss, which fell to {lowest:.3g}.)"
    )
