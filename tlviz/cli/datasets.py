"""The targets on the command line: list, download, import, check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tlviz.cli.output import Json, print_result, stderr, table
from tlviz.data.archive import SUFFIXES, is_archive, unpack
from tlviz.data.catalogue import DATASETS, DatasetSpec
from tlviz.data.images import load_images, open_target
from tlviz.data.ingest import Geometry
from tlviz.data.pictures import Fit
from tlviz.data.public import PUBLIC, PublicSpec, is_downloaded
from tlviz.data.store import list_stored, read_note
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
    from tlviz.data.download import download

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
def check_dataset(path: str, as_json: Json = False) -> None:
    """Open every picture of a target and say what is odd."""
    geometry = Geometry(224, Fit.PAD, "bilinear", 1.0)
    images = load_images(path, geometry, _decoding_progress, bytes_progress("unpacked"))
    problems = [asdict(problem) for problem in images.problems]
    result = {"classes": list(images.classes), "images": len(images.labels), "problems": problems}
    print_result(result, as_json, table(problems) if problems else f"{len(images.labels)} images, nothing odd.")


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


def _decoding_progress(done: int, total: int) -> None:
    if done == total or done % 500 == 0:
        stderr.print(f"read {done:,} of {total:,} images")


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
