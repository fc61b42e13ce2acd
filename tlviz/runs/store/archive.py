"""A run as one ZIP file, to be exported and imported on another machine, whatever is in the file."""

from __future__ import annotations

import re
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from tlviz.data.sources.archive_members import READ_ERRORS, ArchiveMember, EntryKind, open_members, safe_path
from tlviz.errors import BadRunError, StorageError
from tlviz.home import home, make_folder, runs_folder, storage_errors
from tlviz.runs.store.ballast import last_words
from tlviz.runs.store.folder import FORMAT, RunFolder
from tlviz.runs.store.json_lines import encode
from tlviz.runs.store.kinds import FINETUNE
from tlviz.small_files import MOST_BYTES

_MB, _GB = 2**20, 2**30
CARRIED = {
    "config.json": _MB,
    "notes.json": _MB,
    "test.json": _MB,
    "events.jsonl": MOST_BYTES,
    "log.txt": 64 * _MB,
    "predictions.npz": _GB,
    "pictures.bin": 256 * _MB,
    "best.safetensors": 8 * _GB,
    "last.safetensors": 8 * _GB,
    "last.pt": 32 * _GB,
}
"""The files of a run that are exported, and how many bytes each may have; all others are left behind."""
MOST_ENTRIES = 1000
MAX_RATIO = 200
"""Events shrink to a tenth and weights not at all: more growth, and beyond ``SMALL_BYTES``, is a decompression bomb."""
SMALL_BYTES = 64 * _MB
_CHUNK = 2**20
LONGEST_NAME = 200
"""Bytes: file systems take 255 for a name, and a hyphen and four letters may follow."""


def pack_run(run: RunFolder, file: IO[bytes]) -> None:
    """Write a run's files as ZIP, below a folder of the run's name.  Raises ``StorageError``."""
    with storage_errors(run.path), zipfile.ZipFile(file, "w") as archive:
        for name in CARRIED:
            path = run.path / name
            if name == "events.jsonl" and (last := last_words(run.path)) is not None:
                whole = path.read_bytes() if path.is_file() else b""
                archive.writestr(f"{run.name}/{name}", whole + encode(last) + b"\n", zipfile.ZIP_DEFLATED)
            elif path.is_file():
                is_text = name.endswith((".json", ".jsonl", ".txt"))
                archive.write(path, f"{run.name}/{name}", zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED)


def take_in(archive: Path) -> RunFolder:
    """Unpack a run from a ZIP file into this home and return it.

    Only a run's own files are written, below a name of its own; links, names that lead elsewhere and traps are refused.
    Raises ``BadRunError``, ``BadDatasetError`` for a damaged archive, or ``StorageError``.
    """
    if not (archive.is_file() and zipfile.is_zipfile(archive)):  # a device would be read without end
        raise BadRunError(f"{archive.name or archive} is not a ZIP file; give one that was exported from a run.")
    with _staging() as folder:
        name = _Unpacking(archive, folder).run()
        run = RunFolder(folder)
        _check(run, archive.name)
        final = _final(name, run)
        with storage_errors(final):
            folder.rename(final)
    return RunFolder(final)


class _Unpacking:
    """One pass over an archive: writes what belongs to a run, refuses what is a trap."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self._packed = max(1, archive.stat().st_size)
        self._parent: PurePosixPath | None = None
        self._bytes = 0
        self._entries = 0

    def run(self) -> str:
        """Unpack and return the name of the folder that the files lay in, or the archive's."""
        try:
            with open_members(self._archive, self._count, sum(CARRIED.values())) as members:
                for member in members.each:
                    self._take(member)
        except (*READ_ERRORS, ValueError, RuntimeError) as error:  # also a name that is no text
            raise BadRunError(f"{self._archive.name} is damaged ({error}); export the run again.") from error
        return self._parent.name if self._parent and self._parent.name else self._archive.stem

    def _count(self, member: ArchiveMember) -> None:
        """Refuse by what the entries declare, before anything is unpacked."""
        self._bytes += member.size
        self._entries += 1
        is_trap = self._bytes > max(SMALL_BYTES, MAX_RATIO * self._packed)
        if is_trap or self._entries > MOST_ENTRIES:
            raise BadRunError(f"{self._archive.name} would unpack to far more than a run holds; it was not unpacked.")

    def _take(self, member: ArchiveMember) -> None:
        path = safe_path(member.name)
        if path is None or member.kind in (EntryKind.LINK, EntryKind.OTHER):
            what = "a path that leads out of it" if path is None else "a link or a device"
            raise BadRunError(
                f"{self._archive.name} holds {what} ({member.name[:80]}), which no run has; it was not unpacked."
            )
        if member.kind is EntryKind.FOLDER or path.name not in CARRIED or len(path.parts) > 2:
            return
        if self._parent not in (None, path.parent):
            raise BadRunError(f"{self._archive.name} holds several runs; export each into a file of its own.")
        self._parent = path.parent
        self._write(member, self._folder / path.name)

    def _write(self, member: ArchiveMember, file: Path) -> None:
        """Copy one file, never over another, and never more than it may have."""
        if file.exists():
            raise BadRunError(f"{self._archive.name} holds {file.name} twice.")
        written = 0
        with member.open() as source, storage_errors(file), file.open("xb") as out:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > CARRIED[file.name]:
                    raise BadRunError(f"{file.name} in {self._archive.name} is too large for a run.")
                out.write(chunk)


@contextmanager
def _staging() -> Iterator[Path]:
    """Give a fresh folder, removed in the end unless it was renamed."""
    folder = make_folder(home() / "incoming" / uuid.uuid4().hex)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(run: RunFolder, called: str) -> None:
    """Refuse what is no fine-tuning run, what is damaged, or one of a later version."""
    config = run.config()
    if config["kind"] and (damage := run.damage()):
        raise BadRunError(f"{called} cannot be taken in: {damage}; export the run again.")
    if config["kind"] != FINETUNE or not config["format"]:
        raise BadRunError(f"{called} holds no fine-tuning run: its config.json is missing or of another kind.")
    if config["format"] > FORMAT:
        raise BadRunError(
            f"{called} was made by a newer version of tlviz (format {config['format']}, this one reads {FORMAT}); "
            "install that version to open it."
        )


def _final(name: str, run: RunFolder) -> Path:
    """Return a free path below the runs, its name in the form of a run's."""
    clean = re.sub(r"[^\w.-]", "_", name).lstrip(".-")[:120].rstrip(".") or "run"
    if not re.match(r"\d{8}-\d{6}-", clean):
        created = min(max(0.0, float(run.config()["created"])), time.time())
        clean = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(created))}-{clean}"
    clean = clean.encode("utf-8", "replace")[:LONGEST_NAME].decode("utf-8", "ignore").rstrip(".")
    place = make_folder(runs_folder()) / clean
    if place.exists():
        place = place.with_name(f"{clean}-{uuid.uuid4().hex[:4]}")
    if place.parent != runs_folder():
        raise StorageError(f"'{name}' is not the name of a run.")
    return place
