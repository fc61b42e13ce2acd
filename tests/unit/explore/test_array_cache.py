"""Arrays are found again by what they were made of, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.explore import array_cache
from tlviz.explore.array_cache import keep, keep_key, kept_path, read_kept


def test_what_was_kept_is_read_again() -> None:
    assert read_kept("maps", "one") is None
    keep("maps", "one", {"values": np.array([[1.5, -2]], np.float32), "at": np.array(3)})
    found = read_kept("maps", "one")
    assert found is not None
    assert (found["values"].tolist(), int(found["at"])) == ([[1.5, -2.0]], 3)
    assert read_kept("other", "one") is None
    kept_path("maps", "one").write_bytes(b"no archive")
    assert read_kept("maps", "one") is None


def test_a_key_tells_parts_apart_and_not_only_their_text() -> None:
    keys = {keep_key("a", "bc"), keep_key("ab", "c"), keep_key("bc", "a"), keep_key("abc"), keep_key("a", "bc", 0)}
    assert len(keys) == 5
    assert keep_key("a", 1) == keep_key("a", "1")
    assert keep_key("a", 1) == "b343590635d7675badd5d692cccaf176"


def test_each_kind_keeps_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_cache, "_KEEP", 2)
    for key in ("first", "second", "third"):
        keep("maps", key, {"values": np.zeros(1)})
    keep("other", "one", {"values": np.zeros(1)})
    assert len(list(kept_path("maps", "x").parent.glob("*.npz"))) == 2
    assert read_kept("maps", "third") is not None
    assert read_kept("other", "one") is not None
