"""How much a browser tab may send: what it sends lies in memory, so more is refused before it is read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/_stcore/upload_file/"
_ROOM = 64 * 2**20
"""Beside a drop a tab may hold a picture or two."""
_TABS = 256


@dataclass(slots=True)
class _Tab:
    sizes: dict[str, int] = field(default_factory=dict)
    total: int = 0
    refused: int = 0


class Uploads:
    """What each tab has sent and not taken back, the tabs of long ago forgotten."""

    def __init__(self) -> None:
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()

    def may_send(self, tab: str, file: str, size: int) -> bool:
        """Note that a tab sends a file, and return whether it may."""
        from tlviz.data.sources.drop import MOST_BYTES  # the server starts without it

        known = self._of(tab)
        if known.total + size > MOST_BYTES + _ROOM:
            known.sizes = _held(tab)  # what a page no longer shows is not told of here
            known.total = sum(known.sizes.values())
        if known.total + size > MOST_BYTES + _ROOM:
            known.refused += 1
            return False
        known.total += size - known.sizes.get(file, 0)
        known.sizes[file] = size
        return True

    def take_back(self, tab: str, file: str) -> None:
        """Note that a tab has taken a file back."""
        known = self._of(tab)
        known.total -= known.sizes.pop(file, 0)

    def refused(self, tab: str) -> int:
        """Return how many files of a tab were refused since this was last asked."""
        known = self._of(tab)
        count, known.refused = known.refused, 0
        return count

    def _of(self, tab: str) -> _Tab:
        self._tabs[tab] = self._tabs.pop(tab, _Tab())
        while len(self._tabs) > _TABS:
            self._tabs.popitem(last=False)
        return self._tabs[tab]


def _held(tab: str) -> dict[str, int]:
    """Return the sizes of the files that Streamlit holds of a tab."""
    from streamlit.runtime import Runtime

    storage = getattr(Runtime.instance().uploaded_file_mgr, "file_storage", {})
    return {file: len(record.data) for file, record in dict(storage.get(tab, {})).items()}


@cache
def uploads() -> Uploads:
    """Return what all tabs of this server have sent."""
    return Uploads()


class UploadLimit:
    """Refuses a file that would take a tab beyond the limit, by its declared size, before its bytes are read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and PATH in path:
            tab, _, file = path.partition(PATH)[2].partition("/")
            if scope["method"] == "DELETE":
                uploads().take_back(tab, file)
            elif scope["method"] == "PUT" and not uploads().may_send(tab, file, _size(scope)):
                headers = [(b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": 413, "headers": headers})
                await send({"type": "http.response.body", "body": b"More than can be dropped at once."})
                return
        await self._app(scope, receive, send)


def _size(scope: Scope) -> int:
    said = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"")
    return int(said) if said.isdigit() else 0
