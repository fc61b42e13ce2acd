"""What is written is strict JSON in whole lines, whatever the disk does."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tlviz.runs.store.json_lines import append_line, encode, has_end, is_event, repair


def test_events_are_strict_json() -> None:
    assert encode({"name": "caf\udce9 é"}).isascii()
    with pytest.raises(ValueError, match="JSON"):
        encode({"loss": float("nan")})


@pytest.mark.parametrize(
    ("changed", "is_one"),
    [
        ({}, True),
        ({"epoch": 1.5}, False),
        ({"val_loss": "low"}, False),
        ({"val_loss": float("inf")}, False),
        ({"event": "finished"}, False),
        ({"event": "finished", "status": "stopped"}, True),
        ({"event": "finished", "status": "finished", "classes": 2, "problems": 0}, True),  # of an import
        ({"event": "started"}, True),
        ({"event": "started", "time": None}, False),
        ({"event": 3}, False),
        ({"event": "started", "groups": [{"stage": "head", "lr": 0.1}], "frozen": ["stem"]}, True),
        ({"event": "started", "groups": [{"stage": "head"}]}, False),
        ({"event": "started", "groups": 3}, False),
        ({"event": "started", "frozen": [1]}, False),
        ({"event": "started", "copies": 3}, False),
        ({"event": "gauged", "similarity": {"stem": None, "head": 0.5}}, True),
        ({"event": "gauged", "similarity": {"stem": "x"}}, False),
        ({"event": "gauged", "similarity": [1]}, False),
    ],
)
def test_an_event_has_what_its_readers_rely_on(changed: dict[str, object], is_one: bool) -> None:
    epoch = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.5, "duration_s": 1, "images_per_s": 2}
    assert is_event(epoch | changed) is is_one
    assert not is_event([epoch])
    assert not is_event({})


def test_only_the_last_event_ends_a_run() -> None:
    end, other = {"event": "finished"}, {"event": "resumed"}
    assert [has_end(events) for events in ([], [end], [other, end], [end, other])] == [False, True, True, False]


@pytest.mark.parametrize("half", [b"", b'{"event": "ep', b"x" * 10_000])
def test_half_a_line_is_taken_away_before_the_next(half: bytes, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"{}\n" + half)
    append_line(file, b"[1]")
    assert file.read_bytes() == b"{}\n[1]\n"
    file.write_bytes(half)
    repair(file)
    assert file.read_bytes() == b""
    append_line(file, b"[2]")
    assert file.read_bytes() == b"[2]\n"
    repair(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_line_that_finds_room_for_its_half_leaves_nothing(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = tmp_path / "lines", os.write
    append_line(file, b"{}")
    room = [5]

    def little_room(descriptor: int, content: bytes) -> int:
        if not room:
            raise OSError(number, os.strerror(number))
        return write(descriptor, bytes(content)[: room.pop()])

    monkeypatch.setattr("os.write", little_room)
    with pytest.raises(OSError, match=os.strerror(number)):
        append_line(file, b'{"event": "epoch"}')
    assert file.read_bytes() == b"{}\n"
    monkeypatch.setattr("os.write", write)
    append_line(file, b"[1]")
    assert file.read_bytes() == b"{}\n[1]\n"
