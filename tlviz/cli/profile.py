"""The layer profile on the command line: which stages are general for a target, and what to try first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tlviz.api.asking import READING_OPTIONS, ask_profile
from tlviz.api.measuring import PER_IMAGE
from tlviz.api.networks import FIRST_MODEL
from tlviz.cli.datasets import bytes_progress
from tlviz.cli.help import WHAT
from tlviz.cli.layout import Column
from tlviz.cli.output import Json, Readable, print_result, share, table
from tlviz.cli.reading import TargetOption, tell_reading
from tlviz.cli.settings import takes_settings
from tlviz.cli.waiting import explain_end, watch_job
from tlviz.diagnose.probing_words import in_words
from tlviz.diagnose.profile_store import find_profile
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import LIMIT
from tlviz.runs.launch import start_profile

_HOW = "How"
_COLUMNS = (
    Column("name", "stage", is_long=True, enough=20),
    Column("probe", is_right=True),
    Column("probe_se", "± error", rank=2, is_right=True),
    Column("random_probe", "random", rank=1, is_right=True),
    Column("knn", "k-NN", rank=3, is_right=True),
    Column("transrate", "TransRate", rank=4, is_right=True),
    Column("cka_to_random", "CKA to random", rank=7, is_right=True),
    Column("shift", rank=5, is_right=True),
    Column("kid", "KID", rank=6, is_right=True),
)


@takes_settings(READING_OPTIONS)
def profile(
    chosen: dict[str, Any],
    data: TargetOption,
    model: Annotated[
        str,
        typer.Option(
            help="The network: a name that `models` lists, or an exported file.", metavar="NAME", rich_help_panel=WHAT
        ),
    ] = FIRST_MODEL,
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Side in pixels.", metavar="N", show_default="160 where the network allows it", rich_help_panel=_HOW
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(help="Measure at most N images, an equal share of each class.", metavar="N", rich_help_panel=_HOW),
    ] = LIMIT,
    seed: Annotated[
        int,
        typer.Option(
            min=0, help="Decides the random weights and the permuted labels.", metavar="N", rich_help_panel=_HOW
        ),
    ] = 0,
    as_json: Json = False,
) -> int:
    """Measure how useful each stage of a network is for a target, and advise how many to freeze."""
    request, target = ask_profile(
        model, data, chosen, image_size=image_size, limit=limit, seed=seed, unpacking=bytes_progress("unpacked")
    )
    tell_reading(target)
    found = find_profile(request)
    if found is None:
        run = start_profile(request)
        watch_job(run)
        found = find_profile(request)
        if found is None:
            return explain_end(run, "The profile was stopped before its end.")
    print_result(as_result(found), as_json, *_readable(found))
    return 0


def as_result(found: Profile) -> dict[str, Any]:
    """Return what ``--json`` prints: everything but what concerns single images."""
    result = found.to_json()
    result["stages"] = [
        {name: value for name, value in stage.items() if name not in PER_IMAGE} for stage in result["stages"]
    ]
    return {name: value for name, value in result.items() if name not in {"names", "labels"}}


def _readable(found: Profile) -> list[Readable]:
    advice = found.advice
    best = (
        f"Advice (confidence {advice.confidence}): {advice.strategy} with {advice.freeze} frozen stages, head rate "
        f"{advice.head_lr:.2g}, backbone rate {advice.backbone_lr:.2g}."
    )
    rows = [_line(row) for row in as_result(found)["stages"]]
    return [
        table(rows, _COLUMNS),
        *_probing(found),
        *found.notes,
        found.summary,
        best,
        *(f"- {reason}" for reason in advice.reasons),
    ]


def _probing(found: Profile) -> list[Readable]:
    """Return the probing tasks as a person reads them, a row a stage; nothing where there are none."""
    if not found.probing:
        return []
    rows = [
        {"stage": stages[0].stage}
        | {
            column: share(value)
            for task, one in zip(found.probing, stages, strict=True)
            for column, value in ((task, one.accuracy), (f"{task} random", one.random))
        }
        for stages in zip(*found.probing.values(), strict=True)
    ]
    columns = tuple(Column(name, is_right=name != "stage") for name in rows[0])
    return [
        "",
        "Probing tasks from the target's own sentences, beside random weights:",
        table(rows, columns),
        in_words(found.probing),
    ]


def _line(stage: dict[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a stage: shares of images as percentages, measures with three digits."""
    shares = {name: share(stage[name]) for name in ("probe", "probe_se", "random_probe", "knn")}
    measures = ("transrate", "cka_to_random", "shift", "kid")
    rounded = {name: None if stage[name] is None else f"{stage[name]:.3f}" for name in measures}
    return {"name": stage["name"]} | shares | rounded
