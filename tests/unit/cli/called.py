"""A command as a test calls it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tlviz.cli import main


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if captured.out else {}, captured.err
