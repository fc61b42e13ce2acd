"""What is inside an archive is listed before anything is written, and its names are judged."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tlviz.data.sources.archive_members import ArchiveMember, EntryKind, open_members, safe_path
from tlviz.errors import BadDatasetError


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("cat/1.png", "cat/1.png"),
        ("./cat//1.png", "cat/1.png"),
        ("cat\\1.png", "cat/1.png"),
        ("..cat/1.png", "..cat/1.png"),
        ("cat/../1.png", None),
        ("..\\1.png", None),
        ("/cat/1.png", None),
        ("C:cat/1.png", None),
        ("cat/1\0.png", None),
        ("", None),
        (".", None),
    ],
)
def test_where_an_entry_belongs(name: str, path: str | None) -> None:
    assert safe_path(name) == (None if path is None else PurePosixPath(path))


def listed(path: Path, most_bytes: int = 10**6) -> list[tuple[str, EntryKind, int, str]]:
    counted: list[ArchiveMember] = []
    with open_members(path, counted.append, most_bytes) as members:
        found = list(members.each)
    assert found == counted
    return [(member.name, member.kind, member.size, member.leads_to) for member in found]


def test_the_entries_of_a_tar(tmp_path: Path) -> None:
    entries = [
        ("cat", tarfile.DIRTYPE, ""),
        ("cat/1.png", tarfile.REGTYPE, ""),
        ("cat/2.png", tarfile.SYMTYPE, "1.png"),
    ]
    entries += [("cat/3.png", tarfile.LNKTYPE, "cat/1.png"), ("cat/p", tarfile.FIFOTYPE, "")]
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        for name, kind, leads_to in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, leads_to, 5 * (kind == tarfile.REGTYPE)
            tar.addfile(info, io.BytesIO(b"12345"))
    assert listed(tmp_path / "a.tar.gz") == [
        ("cat", EntryKind.FOLDER, 0, ""),
        ("cat/1.png", EntryKind.FILE, 5, ""),
        ("cat/2.png", EntryKind.LINK, 0, "cat/1.png"),
        ("cat/3.png", EntryKind.LINK, 0, "cat/1.png"),
        ("cat/p", EntryKind.OTHER, 0, ""),
    ]
    with pytest.raises(BadDatasetError, match="grows far beyond what it declares"):
        listed(tmp_path / "a.tar.gz", 600)


def test_the_entries_of_a_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cat/2.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("cat/", "")
        file.writestr("cat/1.png", b"12345")
        file.writestr(link, "../dog/1.png")
    assert listed(tmp_path / "a.zip") == [
        ("cat/", EntryKind.FOLDER, 0, ""),
        ("cat/1.png", EntryKind.FILE, 5, ""),
        ("cat/2.png", EntryKind.LINK, 12, "dog/1.png"),
    ]
