"""A pickle is described; whatever it names or calls, nothing of it runs."""

from __future__ import annotations

import argparse
import collections
import copyreg
import datetime
import functools
import io
import os
import pickle
import types
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tlviz.models import pickled
from tlviz.models.pickled import DamagedPickleError, Made, Named, Reading, as_mapping, read_pickle, walk


def read(content: bytes) -> Reading:
    return read_pickle(io.BytesIO(content))


class Hostile:
    """Is whatever its reduction says."""

    def __init__(self, *made: Any) -> None:
        self.made = made

    def __reduce__(self) -> Any:
        return self.made


class WithState:
    def __setstate__(self, state: Any) -> None:
        raise AssertionError("a state was set")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        [1, -2, 2**40, -(2**70), 1.5, "text", "ä猫", b"bytes", (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        {"a": {"b": [1, {"c": None}]}, 3: "x", None: 1, b"k": 2, 1.5: 3},
    ],
)
def test_plain_values_are_themselves(value: Any, protocol: int) -> None:
    found = read(pickle.dumps(value, protocol))
    if protocol >= 3 or not isinstance(value, list | dict):  # older ones write bytes as a call
        assert found.content == value
        assert not found.calls
    assert found.content is not None or value is None


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_objects_become_what_they_hold(protocol: int) -> None:
    value = {
        "args": argparse.Namespace(lr=0.1, path=PurePosixPath("a/b")),
        "simple": types.SimpleNamespace(b=2),
        "default": collections.defaultdict(list, {"x": 1}),
        "ordered": collections.OrderedDict(y=2),
        "when": datetime.datetime(2020, 1, 1),
        "part": functools.partial(print, 1),
        "set": {1, 2},
        "frozen": frozenset("a"),
    }
    content = read(pickle.dumps(value, protocol)).content
    assert as_mapping(content["args"])["lr"] == 0.1  # type: ignore[index]
    assert as_mapping(content["simple"]) == {"b": 2}
    assert as_mapping(content["default"]) == {"x": 1}
    assert as_mapping(content["ordered"]) == {"y": 2}
    assert isinstance(content["when"], Made)
    assert isinstance(content["part"], Made)


def hostile(mark: Path) -> list[bytes]:
    """Pickles that make a file when a reader runs them, by every step that can call or set something."""
    line = f"open({str(mark)!r}, 'w').close()"
    command = f"touch {mark}"
    reduced = [
        Hostile(os.system, (command,)),
        Hostile(eval, (line,)),
        Hostile(exec, (line,)),
        Hostile(Path.touch, (mark,)),
        Hostile(getattr, (mark, "touch")),
        Hostile(functools.partial(os.system, command), ()),
        Hostile(copyreg._reconstructor, (WithState, object, None), {"a": 1}),  # type: ignore[attr-defined]
        Hostile(copyreg.__newobj_ex__, (WithState, (), {}), {"a": 1}),  # type: ignore[attr-defined]
        Hostile(pickle.loads, (pickle.dumps(Hostile(eval, (line,))),)),
        Hostile(dict, (), {"__setstate__": Hostile(eval, (line,))}),
        Hostile(dict, (), None, None, iter([(Hostile(eval, (line,)), 1)])),
        Hostile(list, (), None, iter([Hostile(eval, (line,))])),
    ]
    written = [pickle.dumps(one, protocol) for one in reduced for protocol in (2, 4)]
    text = pickle.dumps(line, 0)[:-1]
    by_hand = [
        b"(" + text + b"ibuiltins\neval\n.",
        b"(cbuiltins\neval\n" + text + b"o.",
        b"cbuiltins\neval\n" + text + b"\x85\x81.",
        b"\x80\x04cbuiltins\neval\n" + text + b"\x85}\x92.",
        b"cbuiltins\ngetattr\n(cbuiltins\n__dict__\nVeval\ntR" + text + b"\x85R.",
        b"ctests\nWithState\n)\x81}Va\nI1\nsb.",
        b"cbuiltins\nobject\n(V__reduce__\ncbuiltins\neval\ndb0cbuiltins\neval\n" + text + b"\x85R.",
        b"\x82\x01" + text + b"\x85R.",  # a registered extension
        text + b"Q.",  # a persistent identity
        b"P" + line.encode() + b"\n.",
    ]
    return [*written, *by_hand]


def test_no_code_runs(tmp_path: Path) -> None:
    mark = tmp_path / "the code ran"
    for content in hostile(mark):
        try:
            found = read(content)
        except DamagedPickleError:
            continue
        list(walk(found.content, 8))
        assert not mark.exists(), content
    eval(f"open({str(mark)!r}, 'w').close()")
    assert mark.exists(), "the plant itself works"


def test_a_global_is_a_pair_of_names_and_what_it_makes_a_note() -> None:
    found = read(pickle.dumps(Hostile(os.system, ("x",)), 2))
    assert found.names == {Named(os.name, "system")}
    assert [(call.kind, call.arguments) for call in found.calls] == [(f"{os.name}.system", ("x",))]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"N",
        b"(.",
        b"e.",
        b"t.",
        b"h\x07.",
        b"Na.",
        b"NNNs.",
        b"}(Nu.",
        b"\x93.",
        b"NN\x93.",
        b"\xff.",
        b"X\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"I" + b"9" * 5000 + b"\n.",
        b"\x82\x01.",
        b"\x97.",
    ],
)
def test_damaged_pickles_are_one_error(content: bytes) -> None:
    with pytest.raises(DamagedPickleError) as caught:
        read(content)
    assert len(str(caught.value)) < 200


def test_deep_wide_and_endless_pickles_end(monkeypatch: pytest.MonkeyPatch) -> None:
    deep_key = b"}" + b")" + b"\x85" * 30_000 + b"Ns."
    assert len(read(deep_key).content) == 1, "hashing it would end the process"
    doubled = b"]" + b"".join(b"q%c(h%ch%cl" % (at, at, at) for at in range(60)) + b"."
    assert list(walk(read(doubled).content, 8)) == []
    nested = read(b"}X\x01\x00\x00\x00a" * 1000 + b"N" + b"s" * 1000 + b".").content
    assert len(list(walk(nested, 5))) == 6
    monkeypatch.setattr(pickled, "MOST_STEPS", 100)
    with pytest.raises(DamagedPickleError, match="far more entries"):
        read(b"]" * 200 + b".")


def test_what_holds_itself_is_walked_once() -> None:
    value: dict[str, Any] = {"a": 1}
    value["self"] = value
    assert len(list(walk(read(pickle.dumps(value)).content, 8))) == 1
