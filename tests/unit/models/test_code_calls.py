"""A pickle that calls programs is told from one that makes harmless objects."""

from __future__ import annotations

import argparse
import collections
import datetime
import enum
import functools
import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.models.served import Planted
from tlviz.models.code_calls import find_code
from tlviz.models.pickled import read_pickle


class Colour(enum.Enum):
    RED = 1


class Calls:
    def __init__(self, *made: Any) -> None:
        self.made = made

    def __reduce__(self) -> Any:
        return self.made


def code(value: Any, protocol: int = 2) -> str:
    return find_code(read_pickle(io.BytesIO(pickle.dumps(value, protocol))))


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, "x", b"y", 1.5, None]},
        argparse.Namespace(a=1),
        Path("a/b"),
        np.float64(3),
        np.arange(3),
        collections.defaultdict(int, a=1),
        collections.Counter("abc"),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        functools.partial(print, 1),
        Colour.RED,
        {1, 2},
        bytearray(b"x"),
        1 + 2j,
        slice(1, 2),
        os.system,  # named, not called
    ],
    ids=lambda value: type(value).__name__,
)
def test_harmless_objects(value: Any, protocol: int) -> None:
    assert code(value, protocol) == ""


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "value",
    [
        Calls(os.system, ("x",)),
        Calls(eval, ("1",)),
        Calls(exec, ("1",)),
        Calls(__import__, ("os",)),
        Calls(open, ("x", "w")),
        Calls(functools.partial(os.system, "x"), ()),
        Calls(pickle.loads, (b"",)),
        Planted(Path("x")),
        {"deep": [{"er": Calls(os.system, ("x",))}]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_calls_of_programs(value: Any, protocol: int) -> None:
    assert code(value, protocol)
