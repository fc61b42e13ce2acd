"""The targets on the command line: list, download, import, check, leave pictures out and take them in again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.api.asking import READING_OPTIONS
from tlviz.cli.help import HelpfulCommand, HelpfulGroup, examples
from tlviz.cli.layout import Column
from tlviz.cli.output import Json, print_result, show, stderr, table, tell
from tlviz.cli.reading import reading_facts, reading_lines
from tlviz.cli.settings import takes_settings
from tlviz.data.doctor.findings import Finding, Report
from tlviz.data.images import dataset_title, open_target
from tlviz.data.sources.archive import SUFFIXES, is_archive, unpack
from tlviz.data.sources.catalogue import SHIPPED, DatasetSpec
from tlviz.data.sources.notes import exclude, excluded_names, include, remember_reading, remembered_reading
from tlviz.data.sources.public import PUBLIC, PublicSpec, is_downloaded
from tlviz.data.sources.reading import LeftOut, ReadAs
from tlviz.data.sources.recent import note_recent
from tlviz.data.sources.store import list_stored, read_note
from tlviz.data.sources.target import Target
from tlviz.errors import BadDatasetError, UnknownNameError

_COLUMNS = (
    Column("name", is_long=True, enough=32),
    Column("classes"),
    Column("images"),
    Column("where"),
    Column("licence", rank=1, is_long=True, enough=24),
    Column("title", rank=2, is_long=True, enough=24),
)
_PROBLEMS = (Column("path", is_long=True), Column("problem", is_long=True, enough=64))
Data = Annotated[
    str,
    typer.Argument(help="A name that `datasets` lists, a folder, or a CSV file.", metavar="DATA", show_default=False),
]

datasets_app = typer.Typer(
    cls=HelpfulGroup,
    invoke_without_command=True,
    help="List the image sets that can be the target; download, import or check one, leave pictures out.",
    epilog=examples("datasets check photos", "datasets download pets", "datasets import birds.zip"),
)


@datasets_app.callback()
def datasets(context: typer.Context, as_json: Json = False) -> None:
    """List the targets: what ships, torchvision's public ones, and the archives you imported."""
    if context.invoked_subcommand is None:
        rows = [*map(_bundled_row, SHIPPED.values()), *map(_public_row, PUBLIC.values()), *_stored_rows()]
        print_result({"datasets": rows}, as_json, table([_line(row) for row in rows], _COLUMNS))


@datasets_app.command("download", cls=HelpfulCommand)
def download_dataset(
    public: Annotated[str, typer.Argument(help=f"One of {', '.join(PUBLIC)}.", metavar="NAME", show_default=False)],
    to: Annotated[
        Path | None, typer.Option(help="A folder for it; files that are already there are used.", metavar="FOLDER")
    ] = None,
    as_json: Json = False,
) -> None:
    """Download a public dataset with torchvision; Ctrl-C stops it and removes what is unfinished."""
    from tlviz.data.sources.download import download

    if public not in PUBLIC:
        raise UnknownNameError("public dataset", public, PUBLIC)
    spec = PUBLIC[public]
    about = f"{spec.title}: {spec.sentence} {spec.images:,} images, {spec.size_mb:,} MB to download. "
    tell(f"{about}Its page: {spec.url}. Licence: {spec.licence}.")
    folder = download(spec, bytes_progress("downloaded"), to)
    result = _public_row(spec) | {"folder": str(folder)}
    print_result(result, as_json, f"{spec.title} is in {folder}; use it as {spec.name}.")


@datasets_app.command("import", cls=HelpfulCommand)
def import_dataset(
    archive: Annotated[Path, typer.Argument(help=f"One of {', '.join(SUFFIXES)}.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Unpack the pictures of a ZIP or TAR archive, so that they can be a target."""
    if not is_archive(archive):
        raise BadDatasetError(f"{archive} is not named like an archive; give one of {', '.join(SUFFIXES)}.")
    folder = unpack(archive.expanduser(), bytes_progress("unpacked"))
    target = open_target(str(folder))
    note_recent(target.identity, len(target.classes), len(target.names), target.medium)
    problems = [asdict(problem) for problem in target.problems]
    result = {"name": folder.name, "folder": str(folder), "classes": len(target.classes), "images": len(target.names)}
    if problems and not as_json:
        show(table(problems, _PROBLEMS), stderr)
    words = f"{len(target.names):,} images in {len(target.classes)} classes; use it as {folder.name}."
    lines = "\n".join([words, *reading_lines(target)])
    print_result(result | {"problems": problems} | reading_facts(target), as_json, lines)


@datasets_app.command("check", cls=HelpfulCommand)
@takes_settings(READING_OPTIONS)
def check_dataset(
    chosen: dict[str, Any],
    data: Data,
    features: Annotated[
        bool, typer.Option(help="Also look for wrong labels, by each picture's neighbours in a network's features.")
    ] = True,
    remember: Annotated[
        bool, typer.Option("--remember", help="Read it so from now on; without such options, forget what was decided.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Say how a target is read, check every picture of it, and list what is odd, the worst first."""
    from tlviz.diagnose.doctor import check_dataset  # takes a second to import

    target, read_as = _open_as(data, ReadAs.from_json(chosen), remember=remember)
    report = check_dataset(data, features=features, progress=_looking_progress(), read_as=read_as)
    names = ("path", "problem", "action", "kind", "severity", "name", "related", "group", "excluded")
    result = {
        "classes": report.classes,
        "images": report.images,
        "problems": [{name: getattr(finding, name) for name in names} for finding in report.findings],
        "excluded": list(excluded_names(target.identity)),
        "groups": report.groups,
        "nearest_agreement": report.nearest_agreement,
    }
    target = replace(target, left_out=(*target.left_out, *_unopened(report)))
    result |= reading_facts(target)
    findings = "one finding" if len(report.findings) == 1 else f"{len(report.findings) or 'no'} findings"
    lines = [f"{report.images:,} images in {len(report.classes)} classes; {findings}."]
    print_result(result, as_json, "\n".join([*lines, *reading_lines(target), *map(_finding_line, report.findings)]))
    return 0


@datasets_app.command("exclude", cls=HelpfulCommand)
def exclude_pictures(
    data: Data,
    pictures: Annotated[list[str], typer.Argument(help="Their names or paths.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, as a note for later.", metavar="WORDS")] = "",
    as_json: Json = False,
) -> None:
    """Leave pictures of a target out of all runs from now on; its folder stays as it is."""
    exclude(_identity(data), dict.fromkeys(_picture_names(data, pictures), reason))
    _print_excluded(data, as_json)


@datasets_app.command("include", cls=HelpfulCommand)
def include_pictures(
    data: Data,
    pictures: Annotated[list[str], typer.Argument(help="Their names.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Use pictures again that were left out."""
    excluded = excluded_names(_identity(data))
    pictures = [name if name in excluded else Path(name).as_posix() for name in pictures]  # Windows: backslashes
    for name in pictures:
        if name not in excluded:
            raise UnknownNameError("excluded picture", name, excluded)
    include(_identity(data), pictures)
    _print_excluded(data, as_json)


def _unopened(report: Report) -> list[LeftOut]:
    """Name the pictures of classes that cannot be opened, as the doctor found them."""
    return [LeftOut(one.name, one.problem) for one in report.findings if one.name and one.action == "left out"]


def _open_as(data: str, read_as: ReadAs, *, remember: bool) -> tuple[Target, ReadAs]:
    """Return a target read as a person says, else as remembered, and how that is; keep it where that is wanted."""
    if not remember:
        read_as = read_as.over(remembered_reading(_identity(data)))
    target = open_target(data, must_train=False, read_as=read_as)
    if remember:
        remember_reading(target.identity, read_as)
    note_recent(target.identity, len(target.classes), len(target.names), target.medium)
    return target, read_as


def bytes_progress(done_word: str) -> Callable[[int, int], None]:
    """Return a progress in bytes that writes a line on standard error for every tenth."""
    shown = -1

    def progress(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // max(1, total)
        if tenth > shown:
            shown = tenth
            tell(f"{done_word} {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    return progress


def _looking_progress() -> Callable[[str, int, int], None]:
    """Return a progress that writes a line on standard error for every 500 pictures."""
    shown = ""

    def progress(doing: str, done: int, total: int) -> None:
        nonlocal shown
        line = f"{doing}: {done:,} of {total:,}"
        if (done == total or done % 500 == 0) and line != shown:
            tell(line)
            shown = line

    return progress


def _finding_line(finding: Finding) -> str:
    mark = " (excluded)" if finding.excluded else ""
    return f"{finding.severity}: {finding.kind}: {finding.path}{mark}: {finding.problem}; {finding.action}"


def _picture_names(data: str, wanted: Sequence[str]) -> list[str]:
    """Turn names or paths of pictures into their names within a target.  Raises ``UnknownNameError``."""
    from tlviz.data.doctor.inventory import take_inventory  # takes a second to import

    files = take_inventory(data).files
    name_of = {file.name: file.name for file in files} | {file.path: file.name for file in files}
    wanted = [name if name in name_of else Path(name).as_posix() for name in wanted]  # Windows: backslashes
    for name in wanted:
        if name not in name_of:
            raise UnknownNameError("picture of this target", name, [file.name for file in files])
    return [name_of[name] for name in wanted]


def _print_excluded(data: str, as_json: bool) -> None:
    excluded = excluded_names(_identity(data))
    readable = "\n".join(f"excluded: {name}" for name in excluded) or "Nothing is excluded."
    print_result({"data": data, "excluded": excluded}, as_json, readable)


def _bundled_row(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "classes": len(spec.classes),
        "images": spec.images,
        "bundled": True,
        "downloaded": False,
        "licence": spec.licence,
        "size_mb": 0,
        "relation": spec.relation,
    }


def _public_row(spec: PublicSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "classes": spec.class_count,
        "images": spec.images,
        "bundled": False,
        "downloaded": is_downloaded(spec),
        "licence": spec.licence,
        "size_mb": spec.size_mb,
        "relation": spec.relation,
        "url": spec.url,
    }


def _stored_rows() -> list[dict[str, Any]]:
    """Return a row for each unpacked archive; its licence is the person's to know."""
    notes = [(folder.name, read_note(folder)) for folder in list_stored() if folder.name not in PUBLIC]
    return [
        {
            "name": name,
            "title": dataset_title(name),
            "classes": note.get("classes"),
            "images": note.get("images"),
            "bundled": False,
            "downloaded": True,
            "licence": "yours",
            "size_mb": 0,
        }
        for name, note in notes
    ]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a target in the list."""
    here = "ships" if row["bundled"] else "here"
    where = here if row["bundled"] or row["downloaded"] else f"{row['size_mb']:,} MB to download"
    return {name: row[name] for name in ("name", "classes", "images", "licence", "title")} | {"where": where}


def _identity(data: str) -> str:
    """Return what notes on a target are kept under."""
    return open_target(data, must_train=False).identity
