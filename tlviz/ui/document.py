"""The one document that the browser loads is Streamlit's; it is sent with scripts of the app's own at its head.

What must be in place before Streamlit's own code runs cannot be drawn by a page.
"""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = Path(__file__).parent / "widgets" / "static"
_SCRIPT = "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in ("history.js", "menu.js"))
_HEAD, _ROOT = b"<head>", b'<div id="root">'
_OF_THE_FILE = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
"""What a browser asks about the document as it lies on disk: to compress it, or not to send it where it is the same."""
_STAMPS = {b"etag", b"last-modified", b"content-length"}


class Document:
    """Adds the script to the app's document and lets everything else through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _asks_for_a_document(scope):
            await self._app(scope, receive, send)
            return
        asked = [(name, value) for name, value in scope["headers"] if name.lower() not in _OF_THE_FILE]
        await self._app({**scope, "headers": asked}, receive, _Sending(send))


class _Sending:
    """Holds an HTML answer back until it is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = with_script(self._body)
        kept = [(name, value) for name, value in start["headers"] if name.lower() not in _STAMPS]
        await self._send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def with_script(document: bytes) -> bytes:
    """Return Streamlit's document with the app's script first in its head; any other document as it is."""
    if _ROOT not in document:
        return document
    return document.replace(_HEAD, _HEAD + b"<script>" + _SCRIPT.encode() + b"</script>", 1)


def _asks_for_a_document(scope: Scope) -> bool:
    return any(name.lower() == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_html(start: Message) -> bool:
    return start["status"] == 200 and any(
        name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start.get("headers", ())
    )
