"""How many entries a ZIP has, found before the standard library would make an object of each."""

from __future__ import annotations

import struct
import zipfile
from typing import IO

_END, _END_SIZE = b"PK\x05\x06", 22
_LONG_END, _LONG_PLACE, _LONG_PLACE_SIZE = b"PK\x06\x06", b"PK\x06\x07", 20
_ENTRY, _ENTRY_SIZE = b"PK\x01\x02", 46
_LONGEST_REMARK = 2**16
_LARGEST_LIST = 128 * 2**20


def count_entries(file: IO[bytes], most: int) -> int:
    """Return the number of entries in a ZIP's own list, ``most`` + 1 where it has more or its list is beyond reason.

    The list is counted, not believed.  Leaves the file at its start.  Raises ``zipfile.BadZipFile``, ``OSError``.
    """
    try:
        place, size = _find_list(file)
        return most + 1 if size > _LARGEST_LIST else _count(file, place, size, most)
    except struct.error as error:
        raise zipfile.BadZipFile("its list of entries is cut off") from error
    finally:
        file.seek(0)


def _find_list(file: IO[bytes]) -> tuple[int, int]:
    """Return where the list of entries begins and how many bytes it has."""
    end = file.seek(0, 2)
    tail_at = max(0, end - _END_SIZE - _LONGEST_REMARK)
    file.seek(tail_at)
    tail = file.read(_END_SIZE + _LONGEST_REMARK)
    at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile("it has no list of entries")
    (size,) = struct.unpack_from("<L", tail, at + 12)
    list_end = tail_at + at
    place = max(0, list_end - _LONG_PLACE_SIZE)
    file.seek(place)
    if file.read(4) == _LONG_PLACE:
        file.seek(place + 8)
        (long_end,) = struct.unpack("<Q", file.read(8))
        file.seek(min(long_end, end))
        if file.read(4) == _LONG_END:
            file.seek(long_end + 40)
            (size,) = struct.unpack("<Q", file.read(8))
            list_end = long_end
    return max(0, min(list_end - size, end)), size


def _count(file: IO[bytes], place: int, size: int, most: int) -> int:
    file.seek(place)
    content = file.read(size)
    at = found = 0
    while content[at : at + 4] == _ENTRY and found <= most:
        lengths = struct.unpack_from("<HHH", content, at + 28)
        at += _ENTRY_SIZE + sum(lengths)
        found += 1
    return found
