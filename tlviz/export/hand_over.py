"""A folder and a ZIP that are there as a whole or not at all, wherever the work on them ends."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import socket
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tlviz.errors import StorageError
from tlviz.home import make_folder, storage_errors

UNFINISHED = ".unfinished-"
"""Part of the name of a hidden folder or file that is being written."""
_STALE_S = 24 * 3600
_STORED = {".safetensors", ".pt", ".pt2", ".onnx", ".png", ".jpg"}
"""What does not shrink."""

Progress = Callable[[str, int, int], None]


def check_destination(folder: Path, *, zipped: bool) -> None:
    """Raise ``StorageError`` where a bundle cannot be put there without replacing something."""
    if folder.suffix.lower() == ".zip":
        raise StorageError(f"{folder} is named like a ZIP; give a folder, the ZIP is written beside it.")
    with storage_errors(folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise StorageError(f"{folder} is a file; give a new or an empty folder for the export.")
        if folder.is_dir() and any(
            not path.name.startswith(f".{folder.name}{UNFINISHED}") for path in folder.iterdir()
        ):
            raise StorageError(
                f"The folder {folder} is not empty; give a new or an empty one. Nothing in it was changed."
            )
    archive = zip_of(folder)
    if zipped and os.path.lexists(archive):
        raise StorageError(f"{archive} is there already; move it or give another folder. It was not changed.")


def zip_of(folder: Path) -> Path:
    """Return where the ZIP of a bundle lies: beside its folder."""
    return folder.with_name(f"{folder.name}.zip")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to write into that takes the place of ``folder`` when the block ends well.

    Where the block raises, it is removed; where the process is killed, it stays hidden and unfinished.
    Raises ``StorageError``.
    """
    is_inside = folder.is_dir() and not _may_write(folder.parent)
    place = folder if is_inside else make_folder(folder.parent)
    _forget_stale(place, folder.name)
    part = place / _unfinished(folder.name)
    with storage_errors(folder):
        part.mkdir()
    try:
        yield part
        with storage_errors(folder):
            _open_to_others(part)
            _sync(part)
            _move_up(part, folder) if is_inside else _put(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_zip(folder: Path, archive: Path, root: str, progress: Progress) -> None:
    """Pack a folder's files below ``root`` into a ZIP, which is there when it is complete.  Raises ``StorageError``."""
    _forget_stale(archive.parent, archive.name)
    part = archive.with_name(_unfinished(archive.name))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        with storage_errors(archive):
            with part.open("xb") as file, zipfile.ZipFile(file, "w") as packed:
                for at, path in enumerate(files):
                    progress("packing", at, len(files))
                    kind = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
                    packed.write(path, f"{root}/{path.relative_to(folder).as_posix()}", kind)
            with part.open("rb+") as whole:
                os.fsync(whole.fileno())
            if os.path.lexists(archive):
                raise StorageError(f"{archive} is there already; move it or give another folder. It was not changed.")
            part.replace(archive)
    finally:
        part.unlink(missing_ok=True)


def _may_write(folder: Path) -> bool:
    """Return whether a folder can be made in another one."""
    probe = folder / f".{uuid.uuid4().hex}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


def _put(part: Path, folder: Path) -> None:
    """Give a finished folder its name; an empty one that has it makes room."""
    with suppress(FileNotFoundError):
        folder.rmdir()
    part.rename(folder)


def _move_up(part: Path, folder: Path) -> None:
    """Move the files of a finished folder into the one around it, which cannot be replaced; a mark stands meanwhile."""
    mark = folder / "UNFINISHED"
    mark.touch()
    for path in part.iterdir():
        path.rename(folder / path.name)
    mark.unlink()


def _open_to_others(part: Path) -> None:
    """Give files the rights that a file written here usually has: those written in one step are private at first."""
    usual = part.stat().st_mode & 0o666
    for path in part.rglob("*"):
        if path.is_file():
            path.chmod(usual)


def _sync(folder: Path) -> None:
    """Bring all files to the disk: what has its final name must survive a power failure."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def _unfinished(name: str) -> str:
    """Return a hidden name for what this process writes, which says whose it is."""
    return f".{name}{UNFINISHED}{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _forget_stale(place: Path, name: str) -> None:
    """Remove what a killed process left of an earlier export of this name; another machine's only after a day."""
    for left in place.glob(f".{glob.escape(name)}{UNFINISHED}*"):
        with suppress(OSError):
            if _is_dead(left) or time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _is_dead(left: Path) -> bool:
    """Return whether the process that wrote something was of this machine and is no more."""
    host, _, rest = left.name.rpartition(UNFINISHED)[2].partition("-")
    number = rest.partition("-")[0]
    return host == _host() and number.isdecimal() and not psutil.pid_exists(int(number))
