"""The layer profile on the command line: which stages are general for a target, and what to try first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from tlviz.cli.datasets import bytes_progress
from tlviz.cli.output import Json, print_result, table
from tlviz.cli.waiting import explain_end, watch_job
from tlviz.data.pixels.images import settle
from tlviz.diagnose.profile_store import find_profile
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import LIMIT, make_request
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.runs.store.launch import start_profile

_PER_IMAGE = ("correct", "places", "explained")
_SHOWN = ("name", "probe", "probe_se", "random_probe", "knn", "transrate", "cka_to_random", "shift", "kid")


def profile(
    model: Annotated[str, typer.Option(help="The network: a name of `models`, or an exported file.")],
    data: Annotated[str, typer.Option(help="The target: a name of `datasets`, a folder, an archive or a table.")],
    image_size: Annotated[int | None, typer.Option(help="Pixels along a side; default: 160 where it can be.")] = None,
    limit: Annotated[int, typer.Option(help="Look at so many images at most, a like share of each class.")] = LIMIT,
    seed: Annotated[int, typer.Option(min=0, help="The random weights and permuted labels.")] = 0,
    as_json: Json = False,
) -> int:
    """Measure what every stage of a network is worth on a target, and advise where to freeze."""
    checked = make_request(model, data, image_size=image_size, limit=limit, seed=seed)
    need_weights(find_model(checked.model))
    request = replace(checked, data=settle(data, bytes_progress("unpacked")))
    found = find_profile(request)
    if found is None:
        run = start_profile(request)
        watch_job(run)
        found = find_profile(request)
        if found is None:
            return explain_end(run, "The profile was stopped before its end.")
    print_result(as_result(found), as_json, _readable(found))
    return 0


def as_result(found: Profile) -> dict[str, Any]:
    """Return what ``--json`` prints: everything but what is known of single images."""
    result = found.to_json()
    result["stages"] = [
        {name: value for name, value in stage.items() if name not in _PER_IMAGE} for stage in result["stages"]
    ]
    return {name: value for name, value in result.items() if name not in {"names", "labels"}}


def _readable(found: Profile) -> Any:
    from rich.console import Group
    from rich.text import Text

    rows = [{name: _rounded(row[name]) for name in _SHOWN} for row in as_result(found)["stages"]]
    advice = found.advice
    words = [
        *found.notes,
        found.summary,
        f"Advice (confidence {advice.confidence}): {advice.strategy} with {advice.freeze} frozen stages, head rate "
        f"{advice.head_lr:.2g}, backbone rate {advice.backbone_lr:.2g}.",
        *(f"- {reason}" for reason in advice.reasons),
    ]
    return Group(table(rows), *(Text(line) for line in words))


def _rounded(value: Any) -> Any:
    """Return what fits into a narrow column."""
    return f"{value:.3f}" if isinstance(value, float) and abs(value) < 10 else value
