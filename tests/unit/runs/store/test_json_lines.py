"""What is written is strict JSON, and what is read is not trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.runs.store.json_lines import encode, has_end, is_event, parse, read_json


def test_events_are_strict_json() -> None:
    assert encode({"name": "caf\udce9 é"}).isascii()
    with pytest.raises(ValueError, match="JSON"):
        encode({"loss": float("nan")})


@pytest.mark.parametrize(
    "content", [b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 99999999999999999999}', b"[" * 9999, b"{"]
)
def test_what_no_calculation_can_hold_is_not_read(content: bytes) -> None:
    assert parse(content) is None
    assert parse(b'{"a": 9223372036854775808}') == {"a": 2**63}


@pytest.mark.parametrize(
    ("changed", "is_one"),
    [
        ({}, True),
        ({"epoch": 1.5}, False),
        ({"val_loss": "low"}, False),
        ({"val_loss": float("inf")}, False),
        ({"event": "finished"}, False),
        ({"event": "finished", "status": "stopped"}, True),
        ({"event": "started"}, True),
        ({"event": "started", "time": None}, False),
    ],
)
def test_an_event_has_what_its_readers_rely_on(changed: dict[str, object], is_one: bool) -> None:
    epoch = {"event": "epoch", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.5, "duration_s": 1, "images_per_s": 2}
    assert is_event(epoch | changed) is is_one
    assert not is_event([epoch])


def test_only_a_dictionary_is_read_from_a_file_and_only_the_last_event_ends_a_run(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert read_json(file) is None
    for content, expected in ((b"[1]", None), (b"{", None), (b'{"a": 1}', {"a": 1})):
        file.write_bytes(content)
        assert read_json(file) == expected
    end, other = {"event": "finished"}, {"event": "resumed"}
    assert [has_end(events) for events in ([], [end], [other, end], [end, other])] == [False, True, True, False]
