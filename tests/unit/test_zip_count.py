"""The entries of a ZIP are counted before the standard library lists them."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tlviz.zip_count import count_entries


def packed(count: int, remark: bytes = b"") -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for at in range(count):
            file.writestr(f"{at}.png", b"")
        file.comment = remark
    return buffer


@pytest.mark.parametrize(("count", "most", "found"), [(0, 10, 0), (1, 10, 1), (10, 10, 10), (11, 10, 11)])
def test_entries_are_counted_up_to_one_more_than_the_most(count: int, most: int, found: int) -> None:
    file = packed(count, b"a remark")
    assert count_entries(file, most) == found
    assert file.tell() == 0


def test_the_longer_form_of_the_list_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    file = packed(7)
    assert b"PK\x06\x06" in file.getvalue()
    assert count_entries(file, 10) == 7


def test_the_list_is_counted_not_believed() -> None:
    content = bytearray(packed(9).getvalue())
    end = content.rfind(b"PK\x05\x06")
    struct.pack_into("<HH", content, end + 8, 1, 1)
    assert count_entries(io.BytesIO(content), 5) == 6


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", b"PK\x05\x06" + bytes(4), bytes(100)])
def test_what_is_no_zip(content: bytes) -> None:
    with pytest.raises(zipfile.BadZipFile):
        count_entries(io.BytesIO(content), 5)


def test_a_list_beyond_reason_is_not_even_read() -> None:
    content = bytearray(packed(2).getvalue())
    struct.pack_into("<L", content, content.rfind(b"PK\x05\x06") + 12, 2**31)
    assert count_entries(io.BytesIO(content), 5) == 6
