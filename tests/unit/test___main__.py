"""``tlviz`` as the terminal starts it."""

from __future__ import annotations

import io

import pytest

from tlviz.__main__ import console


def test_what_a_pipe_cannot_write_becomes_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a pipe has the system's own encoding, which lacks most scripts."""
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    monkeypatch.setattr("sys.stdout", pipe)
    monkeypatch.setattr("tlviz.__main__.main", lambda _arguments: pipe.write("Äpfel, 梨"))
    assert console() == len("Äpfel, 梨")
    assert pipe.buffer.getvalue() == "Äpfel, ?".encode("cp1252")
