"""Checkpoints and safetensors files that are damaged, lie about their sizes, or would run code: one for each seed."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

_CODE = (
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("__builtin__", "eval"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("builtins", "open"),
    ("subprocess", "Popen"),
    ("pathlib", "Path.touch"),
    ("torch.serialization", "load"),
    ("torch", "load"),
    ("torch.hub", "load"),
    ("copyreg", "_reconstructor"),
    ("functools", "partial"),
    ("operator", "attrgetter"),
    ("runpy", "run_path"),
)
_DATA = (
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("argparse", "Namespace"),
    ("pathlib", "PosixPath"),
    ("torch", "FloatStorage"),
    ("torch", "Size"),
    ("torch.storage", "UntypedStorage"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._utils", "_rebuild_meta_tensor_no_storage"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("builtins", "bytearray"),
    ("builtins", "set"),
    ("numpy.core.multiarray", "scalar"),
)
_NUMBERS = (0, 1, 2, 5, -1, 255, 10**6, 2**31, 2**40, 2**62, 2**70, 10**30)


def checkpoint(seed: int, canary: Path) -> bytes:
    """Return the bytes of one hostile or damaged file of ``torch.save``; code in it would make ``canary``."""
    chance = random.Random(seed)
    make: Callable[[random.Random, Path], bytes] = chance.choice([_damaged, _steps, _planted, _sized, _odd_zip])
    return make(chance, canary)


def safetensors(seed: int) -> bytes:
    """Return the bytes of one safetensors file with an odd header."""
    chance = random.Random(seed)
    header = _header(chance)
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    length = chance.choice([len(text), len(text), len(text), len(text), len(text) + 7, 2**40, 0, 2**63])
    return struct.pack("<Q", length) + text + bytes(chance.choice([0, 8, 64]))


@cache
def _sound(is_zip: bool) -> bytes:
    content = {
        "model": {"conv.weight": torch.ones(4, 3, 2, 2), "fc.bias": torch.arange(4.0).half()},
        "epoch": 3,
        "class_to_idx": {"ant": 0, "bee": 1},
    }
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
    return buffer.getvalue()


def _damaged(chance: random.Random, _canary: Path) -> bytes:
    content = bytearray(_sound(chance.random() < 0.5))
    for _ in range(chance.choice([1, 1, 3, 20])):
        at = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.choice([1, 8, 200])]
            case 2:
                content[at:at] = chance.randbytes(chance.choice([1, 4, 64]))
            case _:
                content[at : at + 8] = struct.pack("<q", chance.choice([-1, 0, 2**31, 2**62]))
        content = content or bytearray(b"P")
    return bytes(content)


def _steps(chance: random.Random, canary: Path) -> bytes:
    """A pickle of random steps, calls of dangerous globals among them."""
    out = bytearray(b"\x80\x04")
    for _ in range(chance.choice([3, 10, 40, 200])):
        out += _step(chance, canary)
    return _wrapped(chance, bytes(out) + b".")


def _step(chance: random.Random, canary: Path) -> bytes:
    text = chance.choice(
        [f"touch {canary}", str(canary), "storage", "0", "cpu", "model", "conv.weight", "__setstate__"]
    )
    module, name = chance.choice(_CODE if chance.random() < 0.5 else _DATA)
    return chance.choice(
        [
            b"(",
            b")",
            b"}",
            b"]",
            b"N",
            b"\x88",
            b"0",
            b"2",
            b"t",
            b"\x85",
            b"\x86",
            b"l",
            b"d",
            b"a",
            b"e",
            b"s",
            b"u",
            b"\x90",
            b"\x8f",
            b"\x91",
            b"R",
            b"R",
            b"b",
            b"\x81",
            b"\x92",
            b"o",
            b"Q",
            b"\x94",
            b"h\x00",
            b"q\x00",
            b"\x82\x01",
            f"c{module}\n{name}\n".encode(),
            f"c{module}\n{name}\n".encode() + pickle.dumps((text,), 2)[2:-1] + b"R",
            b"(" + pickle.dumps(text, 2)[2:-1] + f"i{module}\n{name}\n".encode(),
            pickle.dumps(module, 4)[2:-1].split(b"\x94")[0] + pickle.dumps(name, 4)[2:-1].split(b"\x94")[0] + b"\x93",
            pickle.dumps(text, 2)[2:-1],
            pickle.dumps(chance.choice(_NUMBERS), 2)[2:-1],
            pickle.dumps({text: chance.choice(_NUMBERS)}, 2)[2:-1],
        ]
    )


class _Planted:
    def __init__(self, made: tuple[Any, ...]) -> None:
        self._made = made

    def __reduce__(self) -> tuple[Any, ...]:
        return self._made


def _planted(chance: random.Random, canary: Path) -> bytes:
    """Sound tensors, and beside them an object whose making or whose state would run code."""
    line = f"open({str(canary)!r}, 'w').close()"
    import os
    import runpy

    made: tuple[Any, ...] = chance.choice(
        [
            (os.system, (f"touch {canary}",)),
            (eval, (line,)),
            (exec, (line,)),
            (Path.touch, (canary,)),
            (getattr, (Path(canary), "touch")),
            (runpy.run_path, (str(canary),)),
            (torch.load, (str(canary),)),
            (dict, (), {"__setstate__": _Planted((eval, (line,)))}),
            (list, (), None, iter([_Planted((eval, (line,)))])),
            (dict, (), None, None, iter([("a", _Planted((exec, (line,))))])),
        ]
    )
    buffer = io.BytesIO()
    content = {"state_dict": {"fc.bias": torch.ones(3)}, chance.choice(["callback", "args"]): _Planted(made)}
    torch.save(content, buffer, _use_new_zipfile_serialization=chance.random() < 0.5)
    return buffer.getvalue()


def _sized(chance: random.Random, _canary: Path) -> bytes:
    """A tensor whose shape, steps, place or storage say more than the file has."""
    count, offset = chance.choice(_NUMBERS), chance.choice([0, 0, 1, 2**40, -1])
    shape = tuple(chance.choice(_NUMBERS) for _ in range(chance.choice([1, 1, 2, 3, 40])))
    stride = tuple(chance.choice([0, 0, 1, 2**40, -1]) for _ in shape)
    if chance.random() < 0.1:
        stride = stride[:-1]
    tensor = pickled_tensor(shape, stride, count, offset)
    call = chance.choice([b"", b"", b"cbuiltins\nbytearray\n" + _whole(10**11) + b"\x85R0"])
    return _wrapped(chance, b"\x80\x02" + call + b"}" + _text("fc.weight") + tensor + b"s.")


def _odd_zip(chance: random.Random, canary: Path) -> bytes:
    """A ZIP whose records are two of a name, compressed bombs, missing, or another program's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as file:
        many = chance.choice([0, 1, 5, 300])
        largest = 50_000_000 if many < 3 and chance.random() < 0.3 else 8
        for _ in range(many):
            name = chance.choice(
                ["data.pkl", "data/0", "version", "byteorder", "constants.pkl", "code/a.py", "", "../x"]
            )
            folder = chance.choice(["a/", "a/", "b/", "", "A/"])
            try:
                file.writestr(folder + name, bytes(chance.choice([0, 1, 24, largest])))
            except (ValueError, IndexError):  # the standard library writes no entry without a name
                continue
    return buffer.getvalue()


def _wrapped(chance: random.Random, steps: bytes) -> bytes:
    return wrapped(
        steps, is_zip=chance.random() < 0.7, count=chance.choice([4, -1, 2**40]), keys=chance.choice([["0"], [], 3])
    )


def wrapped(
    steps: bytes,
    *,
    is_zip: bool = True,
    count: int = 4,
    keys: Any = ("0",),
    extra: Mapping[str, bytes] = MappingProxyType({}),
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    """Put a pickle where either form of ``torch.save`` has it, with a block called 0 of 16 bytes."""
    if not is_zip:
        head = b"".join(pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
        listed = pickle.dumps(list(keys) if isinstance(keys, tuple) else keys, 2)
        return head + steps + listed + struct.pack("<q", count) + bytes(16)
    buffer = io.BytesIO()
    records = {"data.pkl": steps, "version": b"3\n", "data/0": bytes(16), "byteorder": b"little", **extra}
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in records.items():
            file.writestr(f"archive/{name}", content)
    return buffer.getvalue()


def pickled_tensor(
    shape: tuple[int, ...], stride: tuple[int, ...], count: int, offset: int = 0, key: str = "0"
) -> bytes:
    """Return the steps that promise a tensor of float32 in a block said to have ``count`` numbers."""
    storage = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text(key) + _text("cpu") + _whole(count) + b"NtQ"
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + _whole(offset) + _tuple(shape) + _tuple(stride)
    return made + b"\x89ccollections\nOrderedDict\n)RtR"


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _whole(value: int) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def _tuple(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_whole, values)) + b"t"


_VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 10**6, 10**400, 224, 0.5, float("inf"), float("nan"), -0.0, 1e308, True, None, "", "224", "nan"),
    *(
        [],
        {},
        [0.5] * 3,
        [0.5] * 2,
        ["a", "b"],
        [[]],
        {"a": 1},
        "x" * 50_000,
        "bilinear",
        "BILINEAR",
        "nonsense",
        "\ud800",
    ),
)


def _header(chance: random.Random) -> Any:
    """Return a header as exports have it, with some values replaced; or something else altogether."""
    if chance.random() < 0.15:
        deep = chance.choice([10, 5_000, 200_000])
        return chance.choice(
            [b"[" * deep, b'{"a":' * deep, b"{}", b"null", b"", b"\xff" * 20, b"9" * 6_000, b"[1e999]"]
        )
    preprocessing: dict[str, Any] = {
        "size": 96,
        "fit": "pad",
        "interpolation": "bilinear",
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "crop_fraction": 0.9,
    }
    words: dict[str, Any] = {
        "provider": "torchvision",
        "model": "squeezenet1_1",
        "architecture": "squeezenet1_1",
        "classes": ["a", "b"],
        "preprocessing": preprocessing,
        "training": {},
        "transform_input": True,
    }
    for _ in range(chance.choice([0, 1, 1, 1, 3])):
        place = chance.choice([words, preprocessing])
        place[chance.choice(list(place))] = chance.choice(_VALUES)
        if chance.random() < 0.2:
            place.pop(chance.choice(list(place)))
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in words.items()}
    if chance.random() < 0.1:
        said[chance.choice(list(words))] = "[" * 100_000
    tensor = {
        "dtype": chance.choice(["F32", "F16", "X", 3]),
        "shape": [chance.choice(_NUMBERS)],
        "data_offsets": [0, 8],
    }
    return {"__metadata__": said, "fc.bias": tensor, "fc.weight": dict(tensor)}
