"""The text of a table file: what is no text is refused, the encoding is found."""

from __future__ import annotations

import codecs
import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tlviz.errors import BadDatasetError

MAX_BYTES = 100 * 2**20
"""A million pictures take about 50 MB; text ten times as large would take over a gigabyte to read."""
MAX_LINES = 1_600_000
"""ImageNet has 1.3 million pictures; more rows than that take half a minute and longer."""
_WANTED = "give a CSV of picture paths and labels"
_MAGIC = {
    b"PK\x03\x04": "an Excel file or a ZIP archive", b"\xd0\xcf\x11\xe0": "an old Excel file", b"\x1f\x8b": "packed",
    b"%PDF": "a PDF file", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
}  # fmt: skip


def open_text(path: Path) -> TextIO:
    """Open a table's text: by its mark where it has one, UTF-8 where that fits, else Western European.

    Raises ``BadDatasetError`` for what is no regular file, too large, empty, or no text.
    """
    content = _bytes(path)
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if kind:
        raise BadDatasetError(f"The table {path} is not text but {kind}; save it as CSV.")
    encoding = _encoding(content)
    if encoding.startswith("utf-16"):
        content = content.decode(encoding, "replace").encode()
        encoding = "utf-8-sig"
    if b"\0" in content:
        raise BadDatasetError(f"The table {path} holds NUL bytes, so it is damaged or no text; save it again as CSV.")
    lines = max(content.count(b"\n"), content.count(b"\r"))
    if lines > MAX_LINES:
        raise BadDatasetError(f"The table {path} has {lines:,} lines; {MAX_LINES:,} at most can be read.")
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise BadDatasetError(f"The table {path} is empty; {_WANTED}.")
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline=None)


def _bytes(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # reading a pipe or a device might never end
            raise BadDatasetError(f"The table {path} is no regular file; {_WANTED}.")
        if state.st_size > MAX_BYTES:
            raise BadDatasetError(f"The table {path} has over {MAX_BYTES >> 20} MB; it does not look like a table.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        strerror = getattr(error, "strerror", None) or error
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {strerror}"
        raise BadDatasetError(f"The table {path} {reason}; {_WANTED}.") from error


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content[:64].count(0) > len(content[:64]) // 4:  # UTF-16 without its mark: every other byte of English is 0
        return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    return next((encoding for encoding in ("utf-8-sig", "cp1252") if _fits(content, encoding)), "latin-1")


def _fits(content: bytes, encoding: str) -> bool:
    """Return whether bytes are text of an encoding, looked at piece by piece, as text may be four times as large."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in _pieces(content):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(content: bytes, size: int = 2**20) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))
