"""What is no text of a table is refused at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tlviz.data.sources.table import table_target
from tlviz.data.sources.tables import text as module
from tlviz.data.sources.tables.text import open_text
from tlviz.errors import BadDatasetError


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with a name and device files")
def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with pytest.raises(BadDatasetError, match="no regular file"):
            open_text(tmp_path / name)


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLS", "a.ods", "a.parquet"])
def test_a_spreadsheet_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(BadDatasetError, match="save it as CSV"):
        table_target(tmp_path / name)


def test_a_table_far_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    (tmp_path / "a.csv").write_text("path,label\n" * 10)
    with pytest.raises(BadDatasetError, match="does not look like a table"):
        open_text(tmp_path / "a.csv")


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_too_many_lines_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(module, "MAX_LINES", 10)
    (tmp_path / "a.csv").write_bytes(("path,label" + end).encode() * 11)
    with pytest.raises(BadDatasetError, match="11 lines; 10 at most"):
        open_text(tmp_path / "a.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes("path,label\r\nimg.png,Löwe\r\n".encode(encoding))
    with open_text(tmp_path / "a.csv") as text:
        assert text.read().strip() == "path,label\nimg.png,Löwe"
