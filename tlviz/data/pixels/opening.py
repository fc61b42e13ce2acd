"""Pillow's part of opening a picture: the header first, strictly decoded, as far as it goes where it is cut off."""

from __future__ import annotations

import io
import os
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageFile

from tlviz.data.pixels.heif import register
from tlviz.data.pixels.signatures import HEAD, picture_format
from tlviz.errors import BadPictureError, TooLargeError

DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, OverflowError, LookupError, TypeError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's readers raise for damaged files, each seen at least once."""
MAX_FILE_BYTES = 2**30
"""No picture that can be decoded has a larger file."""


def read_file(path: Path) -> bytes:
    """Read a picture file; what does not begin as a picture is read no further than that.

    A pipe or a device is never opened.  Raises ``OSError``, ``BadPictureError`` or ``TooLargeError``.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    if not stat.S_ISREG(path.stat().st_mode):  # opening a device may already do something
        raise BadPictureError(f"{path} is not a file, but a folder, a pipe or a device; give a picture file.")
    with os.fdopen(os.open(path, flags), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise BadPictureError(f"{path} is not a file, but a folder, a pipe or a device; give a picture file.")
        start = file.read(HEAD)
        if picture_format(start) is None:
            return start
        if state.st_size > MAX_FILE_BYTES:
            raise TooLargeError(f"{path} is too large ({state.st_size / 1e9:,.1f} GB); save it smaller.")
        return start + file.read(MAX_FILE_BYTES)


def open_header(content: bytes, kind: str) -> Image.Image:
    """Open a picture of a known format without decoding it.  Raises Pillow's errors, and those of ``DAMAGE``."""
    if kind == "HEIF":
        register()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(io.BytesIO(content), formats=(kind,))


def load(content: bytes, kind: str, image: Image.Image) -> tuple[Image.Image, bool]:
    """Decode an opened picture; the second value says whether its file ends too soon.  Raises errors of ``DAMAGE``."""
    try:
        with tolerance.off(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except OSError as error:
        if "truncated" not in str(error):
            raise
        with tolerance.on():
            image = open_header(content, kind)
            image.load()
        return image, True
    return image, False


class _Tolerance:
    """Pillow's switch for truncated files, which is global: never on while another thread decodes strictly."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._strict = 0
        self._waiting = 0

    @contextmanager
    def off(self) -> Iterator[None]:
        """Decode strictly, beside other strict threads."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)
            self._strict += 1
        try:
            yield
        finally:
            with self._changed:
                self._strict -= 1
                self._changed.notify_all()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Decode what is there of a truncated file, alone."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._strict)
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                yield
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
                self._waiting -= 1
                self._changed.notify_all()


tolerance = _Tolerance()
