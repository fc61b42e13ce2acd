"""The targets on the command line: list, check, leave pictures out and take them in again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from tlviz.cli.output import Json, print_result, stderr, table
from tlviz.data.catalogue import DATASETS, DatasetSpec
from tlviz.data.exclusions import exclude, excluded_names, include
from tlviz.data.findings import Finding
from tlviz.errors import UnknownNameError

datasets_app = typer.Typer(invoke_without_command=True, help="The images that can be the target.")


@datasets_app.callback()
def datasets(context: typer.Context, as_json: Json = False) -> None:
    """List the targets that ship with the program."""
    if context.invoked_subcommand is None:
        rows = [_dataset_row(spec) for spec in DATASETS.values()]
        print_result({"datasets": rows}, as_json, table(rows))


@datasets_app.command("check")
def check_dataset(
    path: str,
    features: Annotated[
        bool, typer.Option(help="Also look for wrong labels, by each picture's neighbours in a network's features.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Look at every picture of a target and say what is odd: one finding a line, worst first."""
    from tlviz.diagnose.doctor import check_dataset  # takes a second to import

    report = check_dataset(path, features=features, progress=_looking_progress())
    told = ("path", "problem", "action", "kind", "severity", "name", "related", "group", "excluded")
    result = {
        "classes": report.classes,
        "images": report.images,
        "problems": [{name: getattr(finding, name) for name in told} for finding in report.findings],
        "excluded": list(excluded_names(path)),
        "groups": report.groups,
        "nearest_agreement": report.nearest_agreement,
    }
    lines = [f"{report.images:,} images in {len(report.classes)} classes; {len(report.findings) or 'no'} findings."]
    print_result(result, as_json, "\n".join([*lines, *map(_finding_line, report.findings)]))


@datasets_app.command("exclude")
def exclude_pictures(path: str, names: list[str], reason: str = "", as_json: Json = False) -> None:
    """Leave pictures of a target out of every run from now on; nothing is written into its folder."""
    exclude(path, dict.fromkeys(_picture_names(path, names), reason))
    _print_excluded(path, as_json)


@datasets_app.command("include")
def include_pictures(path: str, names: list[str], as_json: Json = False) -> None:
    """Take excluded pictures into a target again."""
    excluded = excluded_names(path)
    for name in names:
        if name not in excluded:
            raise UnknownNameError("excluded picture", name, excluded)
    include(path, names)
    _print_excluded(path, as_json)


def _dataset_row(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "classes": len(spec.classes),
        "images": spec.images,
        "bundled": True,
        "downloaded": False,
        "licence": spec.licence,
    }


def _looking_progress() -> Callable[[str, int, int], None]:
    """Tell how far a look at a target is, now and then."""
    told = ""

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal told
        line = f"{doing}: {done:,} of {total:,}"
        if (done == total or done % 500 == 0) and line != told:
            stderr.print(line)
            told = line

    return progress


def _finding_line(finding: Finding) -> str:
    mark = " (excluded)" if finding.excluded else ""
    return f"{finding.severity}: {finding.kind}: {finding.path}{mark}: {finding.problem}; {finding.action}"


def _picture_names(data: str, wanted: Sequence[str]) -> list[str]:
    """Turn names or paths of pictures into their names within a target.  Raises ``UnknownNameError``."""
    from tlviz.data.inventory import take_inventory  # takes a second to import

    files = take_inventory(data).files
    name_of = {file.name: file.name for file in files} | {file.path: file.name for file in files}
    for name in wanted:
        if name not in name_of:
            raise UnknownNameError("picture of this target", name, [file.name for file in files])
    return [name_of[name] for name in wanted]


def _print_excluded(data: str, as_json: bool) -> None:
    excluded = excluded_names(data)
    readable = "\n".join(f"excluded: {name}" for name in excluded) or "Nothing is excluded."
    print_result({"data": data, "excluded": excluded}, as_json, readable)
