"""Small files are read without trust: plain data, no such file, or damaged; nothing hangs and nothing fills memory."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tlviz.small_files import (
    MOST_DAMAGED,
    DamagedFileError,
    check_types,
    parse_json,
    read_bytes,
    read_json,
    read_lines,
    read_object,
    read_tail,
    read_text,
)

DAMAGED = {
    "not a number": b'{"a": NaN}',
    "infinite": b'{"a": -Infinity}',
    "too large to be finite": b'{"a": 1e999}',
    "more than 64 bits": b'{"a": 99999999999999999999}',
    "five thousand digits": b'{"a": ' + b"9" * 5000 + b"}",
    "deep lists": b"[" * 100_000,
    "deep and whole": b"[" * 500 + b"]" * 500,
    "deep objects": b'{"a":' * 60 + b"1" + b"}" * 60,
    "the same name twice": b'{"a": 1, "a": 2}',
    "no end": b"{",
    "nothing": b"",
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "two values": b"{} {}",
    "a comment": b'{"a": 1} // one',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_strict_and_bounded_json_is_damaged(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    begun = time.perf_counter()
    with pytest.raises(DamagedFileError) as caught:
        read_json(file)
    assert len(str(caught.value)) <= 200
    assert read_object(file) is None
    assert time.perf_counter() - begun < 2


def test_what_is_json_is_read(tmp_path: Path) -> None:
    assert parse_json(b'{"a": 9223372036854775808, "b": [1.5, -2e3, true, null]}') == {
        "a": 2**63,
        "b": [1.5, -2000.0, True, None],
    }
    assert parse_json("\ufeff[1]") == [1], "an editor on Windows puts a mark before the text"
    assert parse_json('{"a": "caf\\udce9"}') == {"a": "caf\udce9"}
    assert parse_json(b"[" * 40 + b"]" * 40) is not None
    (tmp_path / "list").write_text("[1]")
    assert read_object(tmp_path / "list") is None, "only an object is one"


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "large").write_bytes(b"x" * 101)
    for name in ("pipe", "folder", "device", "circle", "missing"):
        for read in (read_bytes, read_text, read_json, read_lines):
            with pytest.raises(OSError, match=r"."):
                read(tmp_path / name)
        with pytest.raises(OSError, match=r"."):
            read_tail(tmp_path / name, 10)
        assert read_object(tmp_path / name) is None
    with pytest.raises(DamagedFileError, match="more than"):
        read_bytes(tmp_path / "large", 100)
    assert read_tail(tmp_path / "large", 10) == b"x" * 10


def test_lines_are_read_past_blank_damaged_and_torn_ones(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(
        b'{"n": 1}\n\n  \n[2]\n{"n": 3, "x": {"y": 1}}\r\n{"n": 4, "x": {"y{"n": 5, "x": {"y": 2}}\n{"n": 6}'
    )
    assert [line["n"] for line in read_lines(file)] == [1, 3, 5], "the last one is not complete yet"


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"\n" * 2_000_000, 0), (b" \n" * 1_000_000, 0), (b" " * 2_000_000 + b"\n{}\n", 1), (b'{"a": 1}\n' * 1000, 1000)],
)
def test_two_megabytes_of_nothing_take_no_time(content: bytes, lines: int, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(content)
    begun = time.perf_counter()
    assert len(read_lines(file)) == lines
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("line", [b"{\n", b"x\n", b"[]\n", b'{"{"{"\n'])
def test_a_file_of_damaged_lines_is_given_up(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(line * 500_000)
    begun = time.perf_counter()
    with pytest.raises(DamagedFileError, match=f"{MOST_DAMAGED:,}"):
        read_lines(file)
    assert time.perf_counter() - begun < 2


def test_text_is_utf8(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9")
    assert read_text(file) == "café"
    file.write_bytes(b"caf\xe9")
    with pytest.raises(DamagedFileError, match="UTF-8"):
        read_text(file)


@dataclass(frozen=True)
class Inner:
    share: float


@dataclass(frozen=True)
class Outer:
    name: str
    count: int | None
    pair: tuple[float, str]
    inner: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (Outer("a", 1, (1, "b"), (Inner(1),)), True),
        (Outer("a", None, (0.5, "b")), True),
        (Outer(1, 1, (1, "b")), False),  # type: ignore[arg-type]
        (Outer("a", 1.5, (1, "b")), False),  # type: ignore[arg-type]
        (Outer("a", True, (1, "b")), False),
        (Outer("a", 1, (1,)), False),  # type: ignore[arg-type]
        (Outer("a", 1, (float("inf"), "b")), False),
        (Outer("a", 1, (1, "b"), (Inner("x"),)), False),  # type: ignore[arg-type]
        (Outer("a", 1, (1, "b"), [Inner(1)]), False),  # type: ignore[arg-type]
    ],
)
def test_what_is_rebuilt_from_a_file_has_the_types_that_its_readers_rely_on(value: Outer, is_right: bool) -> None:
    if is_right:
        check_types(value)
    else:
        with pytest.raises(DamagedFileError, match="is not what it should be"):
            check_types(value)
