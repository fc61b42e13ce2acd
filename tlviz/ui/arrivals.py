"""What a browser sends while something is dropped: written to the disk as it comes, never held in memory.

A page begins an arrival and gives its secret name to the browser, which sends each file under it; the page then takes
all of them, or none.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tlviz.home import disk_words, forget, home
from tlviz.small_files import DamagedFileError, parse_json

PATH = "/_tlviz/drop/"
KEEP_S = 86_400
"""What nobody took is removed after a day."""
_ARRIVALS = 256
_CHUNK = 2**20
_LONGEST = 4096
_LONGEST_LIST = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came: its path within what was dropped, where it lies, its size in bytes and its content's hash."""

    name: str
    place: Path
    size: int
    digest: str


@dataclass(slots=True)
class _Arrival:
    folder: Path
    most_bytes: int
    most_files: int
    size: int = 0
    begun: int = 0
    files: dict[str, Arrived] = field(default_factory=dict)


class Arrivals:
    """The drops that are going on in the tabs of this server."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Arrival] = OrderedDict()

    def begin(self, most_bytes: int, most_files: int) -> str:
        """Return the secret name of a new arrival; nothing is written before the first file comes."""
        token = secrets.token_hex(16)
        self._known[token] = _Arrival(home() / "uploads" / token, most_bytes, most_files)
        while len(self._known) > _ARRIVALS:
            self.forget(next(iter(self._known)))
        return token

    def is_known(self, token: str) -> bool:
        """Return whether an arrival was begun by this server and not yet taken."""
        return token in self._known

    def take(self, token: str) -> list[Arrived]:
        """Return all files that came, in the order of their names."""
        known = self._known.get(token)
        return [known.files[name] for name in sorted(known.files)] if known else []

    def forget(self, token: str) -> None:
        """Remove what came and is still there."""
        known = self._known.pop(token, None)
        if known:
            shutil.rmtree(known.folder, ignore_errors=True)

    async def receive(self, token: str, receive: Receive) -> tuple[int, str]:
        """Write the files of a request as they come; return the status of the answer and what is wrong, '' for nothing.

        A request begins with a line of JSON, [path, size] of each file; their contents follow one after another.
        """
        known = self._known.get(token)
        if known is None:
            return 404, "this page is of an earlier start of the app; load it anew"
        try:
            await _Taking(known, _Body(receive)).run()
        except _Refused as refused:
            return refused.args
        except OSError as error:
            return 507, disk_words(error, known.folder).rstrip(".")
        return 204, ""


class _Refused(Exception):  # noqa: N818 (the answer to a request, no defect)
    """What is wrong with a request: the status of its answer, and words."""

    args: tuple[int, str]


class _Taking:
    """One request: its files are written, and counted when all of them are there."""

    def __init__(self, known: _Arrival, body: _Body) -> None:
        self._known, self._body = known, body
        self._came: list[Arrived] = []
        self._held: list[tuple[Path, bytes]] = []
        self._held_bytes = 0

    async def run(self) -> None:
        try:
            for name, size in _listed(await self._body.line()):
                await self._file(name, size)
            await self._write()
        except (OSError, _Refused):
            for came in self._came:
                forget(came.place)
            raise
        for came in self._came:
            earlier = self._known.files.get(came.name)  # sent again after an answer was lost
            if earlier is not None:
                self._known.size -= earlier.size
                forget(earlier.place)
            self._known.files[came.name] = came
            self._known.size += came.size

    async def _file(self, name: str, size: int) -> None:
        known = self._known
        if len(known.files) + len(self._came) >= known.most_files:
            raise _Refused(413, f"there are more than {known.most_files:,} files")
        if known.size + sum(came.size for came in self._came) + size > known.most_bytes:
            raise _Refused(413, f"it has more than {known.most_bytes / 1e9:,.1f} GB")
        known.begun += 1
        place, digest, left = known.folder / f"{known.begun:06d}", hashlib.sha256(), size
        self._came.append(Arrived(name, place, size, ""))
        while True:
            piece = await self._body.take(min(left, _CHUNK))
            left -= len(piece)
            digest.update(piece)
            self._held.append((place, piece))
            self._held_bytes += len(piece)
            if self._held_bytes >= _CHUNK:
                await self._write()
            if not left:
                break
        self._came[-1] = Arrived(name, place, size, digest.hexdigest())

    async def _write(self) -> None:
        await run_in_threadpool(_append, self._known.folder, self._held)
        self._held, self._held_bytes = [], 0


class _Body:
    """A request's body, in pieces of any length.  Raises ``OSError`` where it ends too soon."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._held = bytearray()
        self._is_over = False

    async def line(self) -> bytes:
        """Return what comes before the first line break."""
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > _LONGEST_LIST:
                raise _Refused(400, "a request has too long a list of files")
            await self._more()
        found = bytes(self._held[:end])
        del self._held[: end + 1]
        return found

    async def take(self, most: int) -> bytes:
        """Return up to this many bytes, at least one where any is wanted."""
        while most and not self._held:
            await self._more()
        found = bytes(self._held[:most])
        del self._held[:most]
        return found

    async def _more(self) -> None:
        message: Message = {"type": "http.disconnect"} if self._is_over else await self._receive()
        if message["type"] == "http.disconnect":
            raise OSError("the browser ended the connection")
        self._held += bytes(message.get("body", b""))
        self._is_over = not message.get("more_body")


@cache
def arrivals() -> Arrivals:
    """Return what all tabs of this server drop."""
    return Arrivals()


class Dropping:
    """Answers what the place for drops sends, and lets everything else through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a file, forget an arrival, or let a request through."""
        _, found, token = str(scope.get("path", "")).rpartition(PATH)
        if scope["type"] != "http" or not found or scope["method"] not in {"PUT", "DELETE"}:
            await self._app(scope, receive, send)
            return
        status, words = 204, ""
        if scope["method"] == "DELETE":
            await run_in_threadpool(arrivals().forget, token)
        else:
            status, words = await arrivals().receive(token, receive)
        headers = [(b"content-type", b"text/plain; charset=utf-8")] if words else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": words.encode("utf-8", "replace")})


def _listed(line: bytes) -> list[tuple[str, int]]:
    """Return path and size of each file of a request."""
    try:
        said = parse_json(line)
        files = [(str(name), int(size)) for name, size in said]
    except (DamagedFileError, TypeError, ValueError) as error:
        raise _Refused(400, "a request has no list of files") from error
    if any(not name or len(name) > _LONGEST or size < 0 for name, size in files):
        raise _Refused(400, "a file has no name, or too long a path")
    return files


def _append(folder: Path, pieces: list[tuple[Path, bytes]]) -> None:
    """Write pieces of files into a folder; at its beginning what nobody took is removed."""
    if not folder.exists():
        for old in _older(folder.parent):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    for place, piece in pieces:
        with place.open("ab") as file:
            file.write(piece)


def _older(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for entry in folder.iterdir():
            if time.time() - entry.stat().st_mtime > KEEP_S:
                yield entry
