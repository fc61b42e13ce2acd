"""What is inside a ZIP or TAR archive, entry by entry, without writing anything."""

from __future__ import annotations

import bz2
import gzip
import lzma
import posixpath
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tlviz.errors import BadDatasetError, quoted
from tlviz.zip_count import count_entries

READ_ERRORS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,  # a ZIP packed by a method that Python does not know
    *(struct.error, ValueError, LookupError, AttributeError, TypeError, OverflowError, RuntimeError, MemoryError),
)
"""What reading a damaged archive raises; the standard library lets much through from inside its readers."""
MOST_ENTRIES = 250_000
"""Files and folders; a list of a million takes the standard library 10 seconds and 600 MB."""
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_LONGEST_LINK = 4096
_LONGEST_NAME = 2**16
_NAMES = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_WORDS = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
_LONGEST_WORDS = 2**20


class EntryKind(StrEnum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One entry: its name, its unpacked size in bytes, how to read it, and for a link the name it leads to."""

    name: str
    kind: EntryKind
    size: int
    open: Callable[[], IO[bytes]]
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Members:
    """The entries of an open archive in order, and how many bytes of the archive have been gone through."""

    each: Iterator[ArchiveMember]
    position: Callable[[], int]


@contextmanager
def open_members(archive: Path, count: Callable[[ArchiveMember], None], most_bytes: int) -> Iterator[Members]:
    """List an archive's entries, each shown to ``count`` as early as it is known; what that raises is let through.

    A TAR is read as a stream, of which at most ``most_bytes`` are unpacked.  Raises ``BadDatasetError`` where it is
    neither ZIP nor TAR, or protected by a password; while reading, one of ``READ_ERRORS``.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(archive.open("rb"))
        except OSError as error:
            raise BadDatasetError(f"The archive {archive} cannot be read: {error.strerror}.") from error
        if zipfile.is_zipfile(raw):
            if count_entries(raw, MOST_ENTRIES) > MOST_ENTRIES:
                raise _too_many(archive)
            yield _zip_members(archive, stack.enter_context(zipfile.ZipFile(raw)), count)
            return
        raw.seek(0)
        try:
            stream = _Metered(_decompressor(raw), archive, most_bytes)
            header = type("_Header", (_GuardedInfo,), {"archive": archive})
            tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r|", tarinfo=header))  # type: ignore
        except tarfile.ReadError:
            raise BadDatasetError(
                f"{archive} is damaged, or not a ZIP or TAR archive; download it again, or unpack it and give the "
                "folder."
            ) from None
        yield Members(_tar_members(archive, tar, count), raw.tell)


def safe_path(name: str) -> PurePosixPath | None:
    """Return where an entry belongs below the archive's folder, or None where its name leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    has_drive = len(path.parts) > 0 and path.parts[0][1:2] == ":"
    is_inside = bool(path.parts) and not path.is_absolute() and not has_drive and ".." not in path.parts
    return path if is_inside and "\0" not in name else None


def _zip_members(archive: Path, file: zipfile.ZipFile, count: Callable[[ArchiveMember], None]) -> Members:
    infos = file.infolist()
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise BadDatasetError(
            f"The archive {archive} is protected by a password; unpack it yourself and give the folder."
        )
    members = [_zip_member(file, info) for info in infos]
    for member in members:
        count(member)
    done = 0

    def each() -> Iterator[ArchiveMember]:
        nonlocal done
        for member, info in zip(members, infos, strict=True):
            yield member
            done += info.compress_size

    return Members(each(), lambda: done)


def _zip_member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> ArchiveMember:
    name, mode = _zip_name(info), info.external_attr >> 16
    if name.endswith("/"):
        kind = EntryKind.FOLDER
    elif stat.S_ISLNK(mode):
        kind = EntryKind.LINK
    else:
        kind = EntryKind.OTHER if stat.S_IFMT(mode) not in (0, stat.S_IFREG) else EntryKind.FILE
    leads_to = ""
    if kind is EntryKind.LINK and info.file_size <= _LONGEST_LINK:
        leads_to = _beside(name, file.read(info).decode("utf-8", "replace"))
    return ArchiveMember(name, kind, info.file_size, lambda: file.open(info), leads_to)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a name in its own script: many programs write UTF-8 without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _too_many(archive: Path) -> BadDatasetError:
    return BadDatasetError(
        f"The archive {archive} holds over {MOST_ENTRIES:,} entries; unpack it yourself and give the folder."
    )


class _GuardedInfo(tarfile.TarInfo):
    """A header of a TAR that refuses names and words of a size that the standard library would read into memory."""

    archive: Path

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> _GuardedInfo:
        """Read a header of 512 bytes.  Raises ``BadDatasetError``."""
        info = super().frombuf(buf, encoding, errors)  # type: ignore[arg-type]
        most = _LONGEST_NAME if info.type in _NAMES else _LONGEST_WORDS if info.type in _WORDS else info.size
        if not 0 <= info.size <= most:
            raise BadDatasetError(
                f"The archive {cls.archive} grows far beyond what it declares: a name or a header in it has "
                f"{info.size:,} bytes; if you trust it, unpack it yourself and give the folder."
            )
        if info.type == tarfile.GNUTYPE_SPARSE:
            raise BadDatasetError(
                f"The archive {cls.archive} holds a file with gaps that are not stored ({quoted(info.name)}); pack it "
                "again without --sparse, or unpack it yourself and give the folder."
            )
        return info


def _tar_members(
    archive: Path, tar: tarfile.TarFile, count: Callable[[ArchiveMember], None]
) -> Iterator[ArchiveMember]:
    for at, info in enumerate(tar):
        if at >= MOST_ENTRIES:
            raise _too_many(archive)
        vars(tar)["members"].clear()  # it keeps every header, which a million entries would fill the memory with
        leads_to = _beside(info.name, info.linkname) if info.issym() else info.linkname
        kind = (
            EntryKind.FILE
            if info.isreg() and not info.issparse()
            else EntryKind.FOLDER
            if info.isdir()
            else EntryKind.LINK
            if info.issym() or info.islnk()
            else EntryKind.OTHER
        )
        member = ArchiveMember(
            info.name, kind, info.size if kind is EntryKind.FILE else 0, _tar_opener(tar, info), leads_to
        )
        count(member)
        yield member


def _tar_opener(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        file = tar.extractfile(tarfile.data_filter(info, "."))
        if file is None:
            raise tarfile.ReadError("no content")
        return file

    return open_member


def _beside(name: str, target: str) -> str:
    """Return what a symbolic link leads to, seen from the archive's top."""
    return target if target.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _decompressor(raw: IO[bytes]) -> IO[bytes]:
    start = raw.read(6)
    raw.seek(0)
    openers: dict[bytes, Callable[[IO[bytes]], Any]] = {
        b"\x1f\x8b": gzip.open,
        b"BZh": bz2.open,
        b"\xfd7zXZ": lzma.open,
    }
    opener = next((opener for magic, opener in openers.items() if start.startswith(magic)), None)
    return raw if opener is None else opener(raw)


_MOST_PAST_END = 64


class _Metered:
    """A stream that refuses to give more than N bytes, whatever the headers in it promise.

    Asked again and again past its end, as the standard library does to pass over a file said to be of exabytes, it
    says that the archive is cut off.
    """

    def __init__(self, stream: IO[bytes], archive: Path, most_bytes: int) -> None:
        self._stream = stream
        self._archive = archive
        self._left = most_bytes
        self._asked_past_end = 0

    def read(self, size: int) -> bytes:
        """Read on.  Raises ``BadDatasetError`` past the limit and ``EOFError`` far past the end."""
        content = self._stream.read(size)
        self._asked_past_end += not content
        if self._asked_past_end > _MOST_PAST_END:
            raise EOFError("it ends in the middle of a file")
        self._left -= len(content)
        if self._left < 0:
            raise BadDatasetError(
                f"The archive {self._archive} grows far beyond what it declares; "
                "if you trust it, unpack it yourself and give the folder."
            )
        return content
