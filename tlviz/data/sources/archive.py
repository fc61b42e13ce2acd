"""A ZIP or TAR archive as a target: checked, unpacked once into the store, and then a folder like any other.

Only picture files are written, under names that stay inside their folder; no link and nothing else of an archive
reaches the disk.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO, cast

from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.signatures import HEAD, picture_format
from tlviz.data.sources.archive_members import READ_ERRORS, ArchiveMember, EntryKind, open_members, safe_path
from tlviz.data.sources.folder import scan_folder
from tlviz.data.sources.folder_tree import HIDDEN, SYSTEM, is_picture_name, no_picture
from tlviz.data.sources.part_names import part_name
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.side_names import is_system_name
from tlviz.data.sources.store import NOTE, datasets_folder, made_whole, write_note
from tlviz.errors import BadDatasetError, quoted
from tlviz.home import is_portable_name, make_folder, storage_errors, write_atomic

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_FILES = 100_000
MAX_BYTES = 50 * 2**30
MAX_RATIO = 100
"""Pictures hardly compress: an archive that grows more, and beyond ``SMALL_BYTES``, is a decompression bomb."""
SMALL_BYTES = 256 * 2**20
_HEADERS = 2**26
"""Room for the headers of a TAR beside its files."""
_CHUNK = 2**20
_MOST_NAMED = 2_000
"""Entries of an archive that are named where they are not used; the others are counted."""
_LONGEST_NAME, _LONGEST_PATH, _MOST_DEEP = 255, 2048, 64
"""What disks take: bytes of a name and, with room for the store's own folder, of a path; and folders in one another."""
_LONGEST_SHOWN = 160
_ON_WINDOWS = os.name == "nt"
_NESTED = (*SUFFIXES, ".gz", ".7z", ".rar")

Progress = Callable[[int, int], None]


def is_archive(path: Path) -> bool:
    """Return whether a path is named like an archive that can be opened."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(archive: Path, progress: Progress | None = None) -> Path:
    """Unpack the pictures of an archive into the store, unless that was done before; return their folder.

    ``progress`` is called with the bytes of the archive done and in all; what it raises ends the unpacking and leaves
    nothing behind.  Raises ``BadDatasetError`` where the archive is damaged, a trap or no target, and ``StorageError``.
    """
    if not archive.is_file():
        raise BadDatasetError(f"The archive {archive} does not exist; check its path.")
    final = datasets_folder() / f"{_stem(archive)}-{_content_key(archive)}"
    if not (final / NOTE).is_file():
        with made_whole(final) as folder:
            unpacking = _Unpacking(archive, folder, progress)
            problems = unpacking.run()
            root = look_through(folder)
            index = scan_folder(root, f"The archive {archive}")
            note = {
                "archive": str(archive),
                "root": str(root.relative_to(folder)),
                "classes": len(index.classes),
                "images": len(index.files),
                "problems": [asdict(problem) for problem in problems],
                "left_out": [asdict(left) for left in unpacking.left_out()],
            }
            write_note(folder, note)
    return final


class _Unpacking:
    """One pass over an archive: writes what is a picture, notes what is not, refuses what is a trap."""

    def __init__(self, archive: Path, folder: Path, progress: Progress | None) -> None:
        self._archive = archive
        self._folder = folder
        self._progress = progress
        self._packed = max(1, archive.stat().st_size)
        self._most_bytes = max(SMALL_BYTES, min(MAX_BYTES, MAX_RATIO * self._packed))
        self._problems: list[Problem] = []
        self._left_out: dict[str, str] = {}
        self._unnamed = 0
        self._links: list[tuple[ArchiveMember, PurePosixPath]] = []
        self._files = 0
        self._bytes = 0

    def run(self) -> list[Problem]:
        """Unpack everything and return what was odd."""
        try:
            with open_members(self._archive, self._count, self._most_bytes + _HEADERS) as members:
                for member in members.each:
                    self._take(member)
                    if self._progress:
                        self._progress(min(members.position(), self._packed), self._packed)
        except READ_ERRORS as error:
            raise BadDatasetError(
                f"The archive {self._archive} is damaged ({_reason(error)}); download it again, or pack it again."
            ) from error
        for member, path in self._links:
            self._link(member, path)
        return self._problems

    def left_out(self) -> list[LeftOut]:
        """Return what was not unpacked and is no problem: files that are no pictures, and a system's own."""
        found = [LeftOut(path, reason) for path, reason in self._left_out.items()]
        return [*found, LeftOut(f"{self._unnamed:,} more", "not unpacked")] if self._unnamed else found

    def _leave(self, path: str, reason: str) -> None:
        if path not in self._left_out and len(self._left_out) >= _MOST_NAMED:
            self._unnamed += 1
        else:
            self._left_out.setdefault(path, reason)

    def _count(self, member: ArchiveMember) -> None:
        """Refuse by what the entries declare, before anything of that size is unpacked."""
        self._files += member.kind is not EntryKind.FOLDER
        self._bytes += member.size
        if self._files > MAX_FILES:
            raise BadDatasetError(
                f"The archive {self._archive} holds over {MAX_FILES:,} files; unpack it yourself and give the folder."
            )
        if self._bytes > self._most_bytes:
            raise BadDatasetError(
                f"The archive {self._archive} would grow from {_mb(self._packed)} to over {_mb(self._bytes)}, "
                "far more than pictures do; if you trust it, unpack it yourself and give the folder."
            )

    def _take(self, member: ArchiveMember) -> None:
        path = safe_path(member.name)
        if member.kind is EntryKind.FOLDER:
            return
        if path is None:
            self._note(member, "its path leads out of the archive" if member.name.strip("/") else "it has no name")
        elif (beside := aside(path)) is not None:
            self._leave(*beside)
        elif member.kind is EntryKind.OTHER:
            self._note(member, "a device, a pipe or a file with gaps")
        elif wrong := unstorable(path):
            self._note(member, wrong)
        elif _ON_WINDOWS and not all(map(is_portable_name, path.parts)):
            self._note(member, "a name that Windows does not allow")
        elif member.kind is EntryKind.LINK:
            self._links.append((member, path))
        elif path.name.lower().endswith(_NESTED):
            self._note(member, "an archive inside the archive")
        elif is_picture_name(path.name):
            self._write(member, path)
        else:
            self._look_into(member, path)

    def _look_into(self, member: ArchiveMember, path: PurePosixPath) -> None:
        """Unpack a file that is not named like a picture but begins as one."""
        try:
            source = cast(BufferedReader, member.open())  # of a TAR and of a ZIP alike it can be peeked into
            start = source.peek(HEAD)[:HEAD]
        except READ_ERRORS as error:
            self._note(member, f"damaged in the archive ({_reason(error)})")
            return
        if picture_format(start):
            self._write(replace(member, open=lambda: source), path)
        else:
            source.close()
            self._leave(str(path), no_picture(start))

    def _write(self, member: ArchiveMember, path: PurePosixPath) -> None:
        """Copy one picture, never over another."""
        file = self._folder.joinpath(*path.parts)
        with storage_errors(file):
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                is_taken = file.exists()
            except (FileExistsError, NotADirectoryError):  # an entry is a file and a folder at once
                is_taken = True
            if is_taken:
                self._note(member, "a second file of this name")
                return
            with file.open("xb") as out:
                damage = _copy(member, out)
            if damage:
                file.unlink()
                self._note(member, f"damaged in the archive ({damage})")

    def _link(self, member: ArchiveMember, path: PurePosixPath) -> None:
        """Copy what a link inside the archive leads to, so that no link is left on the disk."""
        target = safe_path(member.leads_to)
        if target is None:
            self._note(member, "a link that leads out of the archive")
            return
        file = self._folder.joinpath(*target.parts)
        if not unstorable(target) and file.is_file() and is_picture_name(path.name):
            self._write(ArchiveMember(member.name, EntryKind.FILE, 0, lambda: file.open("rb")), path)
        else:
            self._note(member, "a link to something that is not a picture in the archive")

    def _note(self, member: ArchiveMember, problem: str) -> None:
        self._problems.append(Problem(f"{self._archive}: {cut(member.name)}", problem, "left out"))


def unstorable(path: PurePosixPath) -> str:
    """Say why no disk holds a path, '' where it can: the name of one part, or all of it, is too long, or too deep."""
    longest = max(len(part.encode("utf-8", "surrogateescape")) for part in path.parts)
    if longest > _LONGEST_NAME:
        return f"a name of over {_LONGEST_NAME} bytes, which no disk takes"
    if len(path.parts) > _MOST_DEEP or len(str(path).encode("utf-8", "surrogateescape")) > _LONGEST_PATH:
        return "it lies in too many folders, or under too long a path"
    return ""


def cut(name: str) -> str:
    """Return a name for a list of problems; it may have thousands of characters, or half ones."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[: _LONGEST_SHOWN - 41]}…{name[-40:]}"


def _copy(member: ArchiveMember, out: IO[bytes]) -> str:
    """Copy an entry's content; return what is wrong with it, or nothing.  Raises only what writing raises."""
    try:
        source = member.open()
    except READ_ERRORS as error:
        return _reason(error)
    with source:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except READ_ERRORS as error:
                return _reason(error)
            if not chunk:
                return ""
            out.write(chunk)


def aside(path: PurePosixPath) -> tuple[str, str] | None:
    """Return the uppermost part of a path that is hidden or a system's own, and which of both; None for others."""
    for at, name in enumerate(path.parts):
        if name.startswith(".") or is_system_name(name):
            is_system = is_system_name(name) or is_system_name(name[1:])
            return "/".join(path.parts[: at + 1]), SYSTEM if is_system else HIDDEN
    return None


def _reason(error: BaseException) -> str:
    return quoted(" ".join(str(error).split()) or type(error).__name__, 120)[1:-1]


def look_through(folder: Path) -> Path:
    """Return the folder below a single top folder, as archives of one folder have, unless that is a part or a class."""
    while True:
        inside = [entry for entry in folder.iterdir() if entry.is_dir()]
        if len(inside) != 1 or part_name(inside[0].name) or not all(e.is_dir() for e in inside[0].iterdir()):
            return folder
        folder = inside[0]


def _stem(archive: Path) -> str:
    name = archive.name
    suffix = max((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), key=len, default="")
    return re.sub(r"[^\w.-]", "_", name[: len(name) - len(suffix)]).lstrip(".")[:40] or "archive"


def _content_key(archive: Path) -> str:
    """Return a short hash of the content, which is remembered under the file's path, size and time."""
    state = archive.stat()
    stamp = hashlib.sha256(f"{archive.resolve()}|{state.st_size}|{state.st_mtime_ns}".encode(errors="surrogateescape"))
    memory = datasets_folder() / ".keys" / stamp.hexdigest()[:24]
    if memory.is_file():
        return memory.read_text(encoding="ascii")
    with archive.open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    make_folder(memory.parent)
    write_atomic(memory, key.encode())
    return key


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
