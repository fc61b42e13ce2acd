"""ZIP and TAR archives that are damaged, lie about themselves or have names that no disk takes: one for each seed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache

from PIL import Image

_NAMES = (
    "cat/1.png",
    "dog/1.png",
    "CAT/1.png",
    "cat/1.PNG",
    "",
    "/",
    ".",
    "..",
    "../up.png",
    "/etc/up.png",
    "C:\\up.png",
    "cat",
    "cat/1.png/2.png",
    "猫" * 100 + "/1.png",
    "cat/" + "猫" * 100 + ".png",
    "a/" * 1_500 + "1.png",
    "cat/" + "x" * 70_000 + ".png",
    "cat/\udc80.png",
    "cat/a\nb.png",
    "cat/nul.png",
    "cat/ .png",
    "cat/\u202e.png",
    "./cat/./3.png",
    "cat//4.png",
)
_WORDS = (
    {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "x"},
    {"GNU.sparse.map": "a,b"},
    {"GNU.sparse.map": "0,9999999999999"},
    {"GNU.sparse.size": "99999999999", "GNU.sparse.numblocks": "3"},
    {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "../up.png"},
    {"path": "../up.png"},
    {"path": ""},
    {"size": "99999999999999999999"},
    {"size": "x"},
    {"mtime": "nan"},
    {"uid": "-1"},
)


def archive(seed: int) -> tuple[str, bytes]:
    """Return the ending and the bytes of one odd archive."""
    chance = random.Random(seed)
    make: Callable[[random.Random], tuple[str, bytes]] = chance.choice([_odd_zip, _odd_tar, _damaged])
    return make(chance)


@cache
def picture(value: int) -> bytes:
    """Return a small PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (6, 6), (value, value, value)).save(buffer, "PNG")
    return buffer.getvalue()


def _content(chance: random.Random) -> bytes:
    if chance.random() < 0.02:
        return bytes(chance.choice([2_000_000, 300_000_000 if chance.random() < 0.02 else 10]))
    return picture(chance.randrange(4))


def _odd_zip(chance: random.Random) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as file:
        for name in _picked(chance):
            info = zipfile.ZipInfo(name)
            info.external_attr = chance.choice([0, 0, 0, 0o120777 << 16, 0o020666 << 16, 0o010666 << 16])
            info.filename = name.encode("utf-8", "replace").decode()[:60_000]
            file.writestr(info, _content(chance))
    return ".zip", _bitten(chance, buffer.getvalue(), 0.3)


def _odd_tar(chance: random.Random) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    form = chance.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    with tarfile.open(fileobj=buffer, mode="w", format=form, errors="surrogateescape") as file:
        for name in _picked(chance):
            info = tarfile.TarInfo(name)
            kinds = [b"0"] * 8 + [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"L", b"K", b"x", b"g", b"V", b"?"]
            info.type = chance.choice(kinds)
            info.linkname = chance.choice(["", "cat/1.png", "/etc/passwd", "../../up.png", info.name[:90]])
            content = _content(chance)
            info.size = len(content)
            if form == tarfile.PAX_FORMAT and chance.random() < 0.3:
                info.pax_headers = dict(chance.choice(_WORDS))
            file.addfile(info, io.BytesIO(content))
    whole = bytearray(buffer.getvalue())
    if chance.random() < 0.2:  # a header that says another size, its checksum mended
        at = 512 * chance.randrange(max(1, len(whole) // 512))
        whole[at + 124 : at + 136] = chance.choice(
            [b"77777777777\0", b"\x80" + b"\x7f" * 11, b"\xff" * 12, b"00000000000\0"]
        )
        whole[at + 148 : at + 156] = b" " * 8
        whole[at + 148 : at + 156] = f"{sum(whole[at : at + 512]):06o}\0 ".encode()[-8:]
    packed = {".tar": bytes, ".tar.gz": gzip.compress, ".tar.bz2": bz2.compress, ".tar.xz": lzma.compress}
    ending = chance.choice(list(packed))
    return ending, _bitten(chance, packed[ending](bytes(whole)), 0.15)


def _damaged(chance: random.Random) -> tuple[str, bytes]:
    ending, content = (_odd_zip if chance.random() < 0.5 else _odd_tar)(chance)
    return chance.choice([ending, ".zip", ".tar.gz"]), _bitten(chance, content, 1.0)


def _picked(chance: random.Random) -> list[str]:
    sound = [f"{name}/{at}.png" for name in ("cat", "dog") for at in range(2)]
    return sound + chance.sample(_NAMES, chance.choice([0, 1, 3, 8]))


def _bitten(chance: random.Random, content: bytes, likelihood: float) -> bytes:
    if chance.random() >= likelihood or not content:
        return content
    out = bytearray(content)
    for _ in range(chance.choice([1, 1, 4, 30])):
        at = chance.randrange(len(out))
        match chance.randrange(3):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                del out[at : at + chance.choice([1, 40, 700])]
            case _:
                out[at:at] = chance.randbytes(chance.choice([1, 30]))
        out = out or bytearray(b"x")
    return bytes(out)
