"""Files of arrays: what is damaged or asks for more memory than it may is refused before it is unpacked."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tlviz.array_files import read_arrays
from tlviz.small_files import DamagedFileError


def packed(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def zipped(content: bytes, name: str = "a.npy", size: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", size) as file:
        file.writestr(name, content)
    return buffer.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


GOOD = packed(a=np.arange(6).reshape(2, 3), b=np.float32(0.5))
DAMAGED = {
    "nothing": b"",
    "no ZIP": b"PK\x03\x04 damaged",
    "cut off": GOOD[: len(GOOD) // 2],
    "one byte changed": GOOD[:60] + bytes([GOOD[60] ^ 255]) + GOOD[61:],
    "code": packed(a=np.array([{"x": 1}], dtype=object)),
    "a shape of terabytes": zipped(header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**6, 10**6), }\n")),
    "a shape without values": zipped(header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }\n")),
    "a negative shape": zipped(header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n")),
    "a header that is code": zipped(header("__import__('os').system('true')\n")),
    "a deep header": zipped(header("(" * 5000)),
    "no array": zipped(b"hello"),
    "a bomb": zipped(b"\0" * 2**30),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_or_a_trap_is_refused_in_little_memory(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file.npz"
    file.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFileError):
            read_arrays(file)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_arrays_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "file.npz"
    file.write_bytes(GOOD)
    found = read_arrays(file)
    assert found.keys() == {"a", "b"}
    assert np.array_equal(found["a"], np.arange(6).reshape(2, 3))
    assert found["b"] == np.float32(0.5)
    with pytest.raises(DamagedFileError):
        read_arrays(file, most=-(2**20) + 10)
    with pytest.raises(OSError, match="missing"):
        read_arrays(tmp_path / "missing")
