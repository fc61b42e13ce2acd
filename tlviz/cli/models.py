"""The networks on the command line: list, search, show, download, delete, import."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tlviz.cli.help import HelpfulCommand, HelpfulGroup, examples
from tlviz.cli.layout import Column
from tlviz.cli.output import Facts, Json, Readable, on_terminal, print_result, share, stderr, table
from tlviz.medium import Medium
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.download import download_encoder, download_weights
from tlviz.models.imported import damaged_models, delete_own, own_models
from tlviz.models.local_weights import delete_weights, downloaded_models
from tlviz.models.preparation import INTERPOLATIONS, Given, parse_three
from tlviz.models.spec import ModelSpec, Provider
from tlviz.models.texts.folder import is_hub_name

LINES = 40
"""A terminal shows this many networks at once; a pipe and JSON get all."""
_NARROW = "Narrow"
_COLUMNS = (
    Column("name", is_long=True, enough=32),
    Column("parameters", is_right=True),
    Column("pixels", rank=3),
    Column("ImageNet-1k", rank=1, is_right=True),
    Column("file", rank=2, is_right=True),
    Column("here"),
    Column("title", rank=4, is_long=True, enough=32),
)
_STAGES = (
    Column("name", "stage", is_long=True),
    Column("parameters"),
    Column("channels"),
    Column("reduction", rank=1),
)
_NO_FACTS = {"notes", "preprocessing", "size"}
_TRAINED = "As it was trained"
_AS_TRAINED: dict[str, Any] = {"rich_help_panel": _TRAINED, "show_default": "the architecture's"}
Model = Annotated[str, typer.Argument(help="A name that `models` lists.", metavar="MODEL", show_default=False)]

models_app = typer.Typer(
    cls=HelpfulGroup,
    invoke_without_command=True,
    help="List the networks that can be the source; show, download, import or delete one.",
    epilog=examples("models --search convnext --max-parameters 30000000", "models show squeezenet1_1"),
)


@models_app.callback()
def models(
    context: typer.Context,
    search: Annotated[
        str, typer.Option(help="Words in the name, title or source.", metavar="WORDS", rich_help_panel=_NARROW)
    ] = "",
    provider: Annotated[
        Provider | None, typer.Option(help="Only one library's networks.", rich_help_panel=_NARROW)
    ] = None,
    max_parameters: Annotated[
        int | None,
        typer.Option(min=1, help="Only networks with at most N parameters.", metavar="N", rich_help_panel=_NARROW),
    ] = None,
    bundled: Annotated[
        bool, typer.Option("--bundled", help="Only those that ship with the program.", rich_help_panel=_NARROW)
    ] = False,
    downloaded: Annotated[
        bool, typer.Option("--downloaded", help="Only those that were downloaded.", rich_help_panel=_NARROW)
    ] = False,
    as_json: Json = False,
) -> None:
    """List the networks: bundled, of the libraries, and your own checkpoints."""
    if context.invoked_subcommand is not None:
        return
    here = frozenset(spec.name for spec in downloaded_models())
    found = [
        spec
        for spec in (*MODELS.values(), *own_models())
        if _matches(spec, search)
        and provider in (None, spec.provider)
        and spec.parameters <= (max_parameters or spec.parameters)
        and (spec.bundled or not bundled)
        and (spec.name in here or not downloaded)
    ]
    rows = [_row(spec, here) for spec in found]
    damaged = damaged_models()
    said = [f"{name} is damaged: {wrong}; delete it and import it again." for name, wrong in damaged.items()]
    print_result({"models": rows, "damaged": damaged}, as_json, *([] if as_json else [*_listed(rows), *said]))


@models_app.command("show", cls=HelpfulCommand)
def show_model(model: Model, as_json: Json = False) -> None:
    """Show one network with its stages, from stem to head."""
    from tlviz.models.load import architecture_stages  # imports torch

    spec = find_model(model)
    stages = [
        {"name": s.name, "parameters": s.parameters, "channels": s.channels, "reduction": s.reduction}
        for s in architecture_stages(spec, spec.class_count)
    ]
    here = frozenset(found.name for found in downloaded_models())
    card = _card(spec, here) | _prepared(spec)
    print_result(card | {"stages": stages}, as_json, *_readable(card, stages), *spec.notes)


@models_app.command("download", cls=HelpfulCommand)
def download(model: Model, as_json: Json = False) -> None:
    """Download a network's weights into its library's own cache; Ctrl-C stops it and removes what is unfinished.

    OWNER/NAME downloads a text encoder of the Hugging Face hub.
    """
    is_encoder = is_hub_name(model) and not Path(model).exists()
    name = model if is_encoder else find_model(model).name
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=stderr) as bar:
        task = bar.add_task(name, total=None)
        follow = partial(_follow, bar, task)
        path = download_encoder(name, follow) if is_encoder else download_weights(find_model(model), follow)
    result = {"name": name, "path": str(path), "size_mb": path.stat().st_size / 1e6}
    print_result(result, as_json, f"{name} is at {path}.")


def _follow(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total or None)


@models_app.command("delete", cls=HelpfulCommand)
def delete(model: Model, as_json: Json = False) -> None:
    """Delete downloaded weights, or an imported checkpoint."""
    if model in damaged_models():
        delete_own(model)
        print_result({"name": model, "freed_mb": None}, as_json, f"Deleted {model}, which was damaged.")
        return
    spec = find_model(model)
    if spec.own:
        freed = spec.file_mb
        delete_own(spec.name)
    else:
        freed = delete_weights(spec)
    print_result({"name": spec.name, "freed_mb": freed}, as_json, f"Deleted {spec.name}: {freed:,.1f} MB are free.")


Architecture = Annotated[
    str, typer.Option(help="The network it was made for; a file exported by tlviz says so itself.", metavar="MODEL")
]
Classes = Annotated[
    str,
    typer.Option(
        help="The class names in the order of the outputs: a text file, one a line, or JSON; or with commas.",
        metavar="FILE|a,b,c",
        show_default="those in the file",
    ),
]
Name = Annotated[str, typer.Option(help="What to call it.", metavar="NAME", show_default="the file's name")]
Mean = Annotated[str, typer.Option(help="Mean of red, green and blue in 0 to 1.", metavar="R,G,B", **_AS_TRAINED)]
Std = Annotated[str, typer.Option(help="Standard deviation of red, green and blue.", metavar="R,G,B", **_AS_TRAINED)]
Size = Annotated[int | None, typer.Option(help="Side of its pictures.", metavar="N", **_AS_TRAINED)]
Interpolation = Annotated[
    str, typer.Option(help=f"How pictures are resized: {', '.join(INTERPOLATIONS)}.", metavar="NAME", **_AS_TRAINED)
]
Crop = Annotated[
    float | None,
    typer.Option(help="Share of the resized side that its centre crop keeps.", metavar="SHARE", **_AS_TRAINED),
]
TransformInput = Annotated[
    bool | None,
    typer.Option(
        "--transform-input/--no-transform-input",
        help="Whether torchvision's GoogLeNet or Inception rescaled its input in training.",
        show_default="found from the file",
        rich_help_panel=_TRAINED,
    ),
]
WeightsKey = Annotated[
    str, typer.Option(help="Which weights to take where the file holds several, such as state.ema.", metavar="KEY")
]


@models_app.command("import", cls=HelpfulCommand)
def import_model(
    file: Annotated[
        Path,
        typer.Argument(help="The checkpoint: safetensors or PyTorch, or an exported bundle.", show_default=False),
    ],
    architecture: Architecture = "",
    classes: Classes = "",
    name: Name = "",
    mean: Mean = "",
    std: Std = "",
    size: Size = None,
    interpolation: Interpolation = "",
    crop: Crop = None,
    transform_input: TransformInput = None,
    weights_key: WeightsKey = "",
    as_json: Json = False,
) -> None:
    """Import your own checkpoint, so that it can be a source like any other; what is assumed about it is said."""
    from tlviz.models.checkpoint import import_checkpoint  # imports torch
    from tlviz.models.class_lists import parse_classes
    from tlviz.models.exported_bundle import own_name

    path = file.expanduser()
    given = Given(
        mean=parse_three("mean", mean),
        std=parse_three("std", std),
        size=size,
        interpolation=interpolation or None,
        crop_fraction=crop,
        transform_input=transform_input,
        weights_key=weights_key,
    )
    spec = import_checkpoint(path, architecture, parse_classes(classes), name or own_name(path), given)
    said = f"Imported {spec.name}: {spec.architecture} with {spec.class_count} classes."
    print_result(_card(spec, ()) | _prepared(spec), as_json, said, *spec.notes)


def _matches(spec: ModelSpec, search: str) -> bool:
    text = f"{spec.name} {spec.title} {spec.family} {spec.source}".lower()
    return all(word in text for word in search.lower().split())


def _listed(rows: list[dict[str, Any]]) -> list[Readable]:
    """Return the networks as a person reads them, on a terminal the first of many."""
    if not rows:
        return ["No network fits."]
    if not on_terminal() or len(rows) <= LINES:
        return [table(list(map(_line, rows)), _COLUMNS)]
    narrow = "narrow it with --search, --provider or --max-parameters, or use --json."
    return [table(list(map(_line, rows[:LINES])), _COLUMNS), f"{len(rows) - LINES:,} more: {narrow}"]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a network in the list."""
    here = "bundled" if row["bundled"] else "downloaded" if row["downloaded"] else "own" if row["own"] else ""
    return {
        "name": row["name"],
        "parameters": f"{row['parameters'] / 1e6:,.1f} M",
        "pixels": row["input_size"],
        "ImageNet-1k": share(row["accuracy"]),
        "file": f"{row['file_mb']:,.0f} MB",
        "here": here,
        "title": row["title"],
    }


def _row(spec: ModelSpec, downloaded: Collection[str]) -> dict[str, Any]:
    return {
        "name": spec.name,
        "provider": spec.provider,
        "bundled": spec.bundled,
        "downloaded": spec.name in downloaded,
        "own": spec.own,
        "parameters": spec.parameters,
        "input_size": spec.preprocessing.size,
        "accuracy": spec.accuracy,
        "file_mb": spec.file_mb,
        "title": spec.title,
    }


def _card(spec: ModelSpec, downloaded: Collection[str]) -> dict[str, Any]:
    """Return a row with everything else that a person may want to know before downloading."""
    return _row(spec, downloaded) | {
        "architecture": spec.architecture,
        "weights": spec.tag,
        "family": spec.family,
        "sentence": spec.sentence,
        "gmacs": spec.gmacs,
        "source": spec.source,
        "classes": spec.class_count,
        "licence": spec.licence,
        "recipe": spec.recipe,
        "min_size": spec.min_size,
        "size_step": spec.size_step,
        "sizing": spec.sizing,
    }


def _prepared(spec: ModelSpec) -> dict[str, Any]:
    """Return how a network wants its pictures, and what was assumed when it was imported."""
    from tlviz.models.build import can_rescale  # imports torch

    if spec.medium is Medium.TEXTS:
        return {
            "preprocessing": {"tokens": spec.preprocessing.size},
            "class_names": list(spec.classes) or None,
            "notes": None,
        }

    return {
        "preprocessing": asdict(spec.preprocessing),
        "transform_input": spec.transform_input if can_rescale(spec) else None,
        "class_names": list(spec.classes) or None,
        "notes": list(spec.notes) or None,
    }


def _readable(card: dict[str, Any], stages: list[dict[str, Any]]) -> list[Readable]:
    flat = card | card["preprocessing"]
    shown = {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value for name, value in flat.items()
    }
    facts = {name: value for name, value in shown.items() if value not in (None, "") and name not in _NO_FACTS}
    return [Facts(facts), "", "Stages", table(stages, _STAGES)]
