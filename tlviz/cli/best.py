"""The search for the best model within a budget of minutes, on the command line."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from tlviz.api.asking import READING_OPTIONS, ask_best
from tlviz.cli.datasets import bytes_progress
from tlviz.cli.help import WHAT
from tlviz.cli.output import Json, print_result, tell
from tlviz.cli.race import watch_race
from tlviz.cli.reading import TargetOption, tell_reading
from tlviz.cli.settings import takes_settings
from tlviz.models.catalogue import find_model
from tlviz.runs.best.found import Best, read_best
from tlviz.runs.best.plan import plan_words
from tlviz.runs.launch import start_best
from tlviz.runs.store.heartbeat import Status


@takes_settings(READING_OPTIONS)
def best(
    chosen: dict[str, Any],
    data: TargetOption,
    minutes: Annotated[
        float, typer.Option(help="The budget: the whole search takes about so long, 0.5 to 1440.", metavar="X")
    ] = 10.0,
    model: Annotated[
        str | None,
        typer.Option(
            help="Networks to choose from, comma-separated.", metavar="NAMES", rich_help_panel=WHAT,
            show_default="those that ship and take the target",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides the split and the starting weights.", metavar="N")] = 0,
    image_size: Annotated[
        int | None,
        typer.Option(help="Side in pixels of the first runs.", metavar="N", show_default="what the time allows"),
    ] = None,
    device: Annotated[str, typer.Option(help="Where to compute: auto, cpu or cuda.", metavar="NAME")] = "auto",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Find the best model for a target in some minutes, and say what it is worth on pictures no choice has seen."""
    models, name, target = ask_best(
        data, minutes, model.split(",") if model else None, chosen, bytes_progress("unpacked")
    )
    tell_reading(target)
    for words in plan_words(minutes, [find_model(one).title for one in models]):
        tell(words)
    base = {key: value for key, value in chosen.items() if value is not None} | {"seed": seed}
    run = start_best(models, name, minutes, base | ({"image_size": image_size} if image_size else {}), device)
    race = watch_race(run)
    if race.status in (Status.FAILED, Status.LOST):
        print(f"tlviz: {race.trouble}", file=sys.stderr)
        return 2 if run.events()[-1:] and run.events()[-1].get("is_mistake") else 1
    found = read_best(run)
    print_result(as_result(found), as_json, found.summary, *_others(found))
    return 0


def as_result(found: Best) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return asdict(found) | {"summary": found.summary}


def _others(found: Best) -> list[str]:
    lines = [
        f"{one.words}: {one.val_accuracy:.1%} in validation, {100 * one.behind:.1f} points behind"
        for one in found.runners_up
    ]
    where = [f"Its run: {found.run}"] if found.run else []
    return [*where, *lines, f"{found.minutes:.1f} minutes; the race {found.race} shows every run."]
