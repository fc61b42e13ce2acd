"""The targets on the command line: list, download, import, check, leave pictures out and take them in again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.cli.output import Json, print_result, stderr, table
from tlviz.data.doctor.findings import Finding
from tlviz.data.pixels.images import open_target
from tlviz.data.sources.archive import SUFFIXES, is_archive, unpack
from tlviz.data.sources.catalogue import DATASETS, DatasetSpec
from tlviz.data.sources.exclusions import exclude, excluded_names, include
from tlviz.data.sources.public import PUBLIC, PublicSpec, is_downloaded
from tlviz.data.sources.store import list_stored, read_note
from tlviz.errors import BadDatasetError, UnknownNameError

datasets_app = typer.Typer(invoke_without_command=True, help="The images that can be the target.")


@datasets_app.callback()
def datasets(context: typer.Context, as_json: Json = False) -> None:
    """List the targets: what ships, torchvision's public ones, and the archives you imported."""
    if context.invoked_subcommand is None:
        rows = [*map(_bundled_row, DATASETS.values()), *map(_public_row, PUBLIC.values()), *_stored_rows()]
        print_result({"datasets": rows}, as_json, table([_readable(row) for row in rows]))


@datasets_app.command("download")
def download_dataset(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(PUBLIC)}.")],
    to: Annotated[Path | None, typer.Option(help="A folder to keep it in; used as it is where it is there.")] = None,
    as_json: Json = False,
) -> None:
    """Download a public dataset with torchvision, or take it from where it is; Ctrl-C leaves nothing half."""
    from tlviz.data.sources.download import download

    if name not in PUBLIC:
        raise UnknownNameError("public dataset", name, PUBLIC)
    spec = PUBLIC[name]
    told = f"{spec.title}: {spec.sentence} {spec.images:,} images, {spec.size_mb:,} MB to download. "
    stderr.print(f"{told}Its page: {spec.url}. Licence: {spec.licence}.", markup=False)
    folder = download(spec, bytes_progress("downloaded"), to)
    print_result(
        _public_row(spec) | {"folder": str(folder)}, as_json, f"{spec.title} is in {folder}; use it as {name}."
    )


@datasets_app.command("import")
def import_dataset(archive: Path, as_json: Json = False) -> None:
    """Unpack the pictures of a ZIP or TAR archive, once and safely, to be used as a target."""
    if not is_archive(archive):
        raise BadDatasetError(f"{archive} is not named like an archive; give one of {', '.join(SUFFIXES)}.")
    folder = unpack(archive.expanduser(), bytes_progress("unpacked"))
    target = open_target(str(folder))
    problems = [asdict(problem) for problem in target.problems]
    result = {"name": folder.name, "folder": str(folder), "classes": len(target.classes), "images": len(target.names)}
    if problems and not as_json:
        stderr.print(table(problems))
    told = f"{len(target.names):,} images in {len(target.classes)} classes; use it as {folder.name}."
    print_result(result | {"problems": problems}, as_json, told)


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
        "excluded": list(excluded_names(_identity(path))),
        "groups": report.groups,
        "nearest_agreement": report.nearest_agreement,
    }
    lines = [f"{report.images:,} images in {len(report.classes)} classes; {len(report.findings) or 'no'} findings."]
    print_result(result, as_json, "\n".join([*lines, *map(_finding_line, report.findings)]))


@datasets_app.command("exclude")
def exclude_pictures(path: str, names: list[str], reason: str = "", as_json: Json = False) -> None:
    """Leave pictures of a target out of every run from now on; nothing is written into its folder."""
    exclude(_identity(path), dict.fromkeys(_picture_names(path, names), reason))
    _print_excluded(path, as_json)


@datasets_app.command("include")
def include_pictures(path: str, names: list[str], as_json: Json = False) -> None:
    """Take excluded pictures into a target again."""
    excluded = excluded_names(_identity(path))
    names = [name if name in excluded else Path(name).as_posix() for name in names]  # Windows: backslashes
    for name in names:
        if name not in excluded:
            raise UnknownNameError("excluded picture", name, excluded)
    include(_identity(path), names)
    _print_excluded(path, as_json)


def bytes_progress(done_word: str) -> Callable[[int, int], None]:
    """Return a progress in bytes that tells every tenth on standard error."""
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // max(1, total)
        if tenth > told:
            told = tenth
            stderr.print(f"{done_word} {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    return progress


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
            "title": Path(str(note.get("archive", name))).name,
            "classes": note.get("classes"),
            "images": note.get("images"),
            "bundled": False,
            "downloaded": True,
            "licence": "yours",
            "size_mb": 0,
        }
        for name, note in notes
    ]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    here = "ships" if row["bundled"] else "here"
    where = here if row["bundled"] or row["downloaded"] else f"{row['size_mb']:,} MB to download"
    return {name: row[name] for name in ("name", "classes", "images")} | {"where": where, "licence": row["licence"]}


def _identity(data: str) -> str:
    """Return what notes on a target are kept under."""
    return open_target(data, must_train=False).identity
