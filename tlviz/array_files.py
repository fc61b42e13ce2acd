"""Reading a file of numpy arrays without trust: no pickle, and no more memory than the file may ask for."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tlviz.small_files import MB, DamagedFileError, read_bytes

MOST_BYTES = 512 * MB
"""The values of all arrays of a file together."""
MOST_ARRAYS = 1_000
_ERRORS = (
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    RecursionError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile and numpy raise for damaged content, one that is encrypted or packed in a way that Python lacks."""


def read_arrays(path: Path, most: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file by name; what it declares is looked at before anything is unpacked.

    Raises ``OSError`` where there is no such file, and ``DamagedFileError``.
    """
    content = read_bytes(path, most + MB)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = file.infolist()
            if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > most + MB:
                raise DamagedFileError(f"it would unpack to more than {most / MB:,.0f} MB")
            return {member.filename.removesuffix(".npy"): _array(file, member) for member in members}
    except _ERRORS as error:
        raise DamagedFileError(str(error)[:200]) from error


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with file.open(member) as opened:
        needed, header = _declared(opened)
    if header + needed != member.file_size:
        raise DamagedFileError(f"{member.filename[:40]} has not the size that it declares")
    with file.open(member) as opened:
        array: NDArray[Any] = np.lib.format.read_array(opened, allow_pickle=False)
    return array


def _declared(opened: IO[bytes]) -> tuple[int, int]:
    """Return the bytes of the values that an array's header declares, and of the header."""
    version = np.lib.format.read_magic(opened)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(opened)
    if dtype.hasobject or any(side < 0 for side in shape):
        raise DamagedFileError("it holds objects, which would be code")
    return math.prod(shape) * dtype.itemsize, opened.tell()
