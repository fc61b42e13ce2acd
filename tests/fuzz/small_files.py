"""Small files that are damaged, of another kind, or made to hang or to fill memory: one for each seed."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    -5,
    0,
    1.5,
    10**6,
    2**63,
    1e308,
    "",
    "\0",
    "caf\udce9",
    "../../etc/passwd",
    "x" * 5_000,
    "猫" * 100,
    [],
    {},
    [[]],
    {"": None},
    ["a"] * 300,
    {"a": {"b": {"c": []}}},
)
_TEXTS = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe{",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 30_000,
    b"[" * 900 + b"]" * 900,
    b'{"created": ' + b"9" * 5_000 + b"}",
    b'{"settings": NaN}',
    b'{"a": 1e999, "b": -Infinity}',
    b'{"a": 1, "a": 2}',
    b"\n" * 2_000_000,
    b"{\n" * 200_000,
    b"{}\n" * 50_000,
    b"\0" * 100_000,
)


def damaged(chance: random.Random, sound: Any, *, is_lines: bool = False) -> bytes:
    """Return the bytes of a JSON file, or of one with a JSON object a line, that was sound once."""
    if chance.random() < 0.2:
        return chance.choice(_TEXTS)
    changed = _changed(chance, sound)
    written = [json.dumps(one).encode() for one in (changed if is_lines and isinstance(changed, list) else [changed])]
    if chance.random() < 0.1:
        written = [one.replace(b"1", b"NaN", 1) for one in written]
    content = b"\n".join(written) + (b"\n" if chance.random() < 0.8 else b"")
    return bitten(chance, content) if chance.random() < 0.3 else content


def _changed(chance: random.Random, value: Any) -> Any:
    """Replace, add or take away some parts of a JSON value."""
    if chance.random() < 0.08:
        return chance.choice(ODD)
    if isinstance(value, dict):
        changed = {name: _changed(chance, part) for name, part in value.items() if chance.random() > 0.04}
        return changed | (
            {chance.choice(["", "x", "event", "status"]): chance.choice(ODD)} if chance.random() < 0.1 else {}
        )
    if isinstance(value, list):
        return [_changed(chance, part) for part in value if chance.random() > 0.05] * chance.choice([1, 1, 1, 2])
    return value


def bitten(chance: random.Random, content: bytes) -> bytes:
    """Change, cut out or add some bytes."""
    out = bytearray(content or b"x")
    for _ in range(chance.choice([1, 1, 4, 30])):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                del out[at : at + chance.choice([1, 40, 700])]
            case 2:
                out[at:at] = chance.randbytes(chance.choice([1, 30]))
            case _:
                del out[at:]
        out = out or bytearray(b"x")
    return bytes(out)


def put(chance: random.Random, path: Path, content: bytes) -> None:
    """Write a file, or put something else in its place: a folder, a pipe, a link without end, nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    match chance.choice(["file"] * 14 + ["folder", "pipe", "endless", "circle", "missing"]):
        case "file":
            path.write_bytes(content)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "circle":
            path.symlink_to(path.name)


def arrays(chance: random.Random) -> bytes:
    """Return the bytes of an ``.npz`` file that is damaged or declares what it does not hold."""
    buffer = io.BytesIO()
    kinds: list[Any] = [
        np.arange(4),
        np.zeros((2, 3), np.float32),
        np.float64("nan"),
        np.array([None]),
        np.array(["a"]),
    ]
    names = ("epoch", "classes", "names", "labels", "logits")
    if chance.random() < 0.5:
        np.savez_compressed(buffer, **{name: chance.choice(kinds) for name in names if chance.random() < 0.9})
        return bitten(chance, buffer.getvalue()) if chance.random() < 0.5 else buffer.getvalue()
    shape = chance.choice(["(10**9,)", "(1000000000000,)", "(-1,)", "()", "(3, 4)", "(2**70,)", "x", "(1000000000, 8)"])
    kind = chance.choice(["<f4", "|O", "<U100000000", "nonsense", "[('a', '<f8')]"])
    words = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(words).to_bytes(2, "little") + words + bytes(40))
    return buffer.getvalue()
