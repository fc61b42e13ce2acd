"""Who may talk to the app's server: pages of this machine, and no page of another name that leads here.

A website can let its own name lead to this machine (DNS rebinding); its pages then look to the browser as if they were
the app's.  Only the name that was asked for tells them apart, so every request under another name is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from tlviz.ui.arrivals import Dropping
from tlviz.ui.document import Document

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Names of this machine that no other one can have."""
OPTION = "server.allowedHosts"
"""Streamlit's own setting, which it heeds for its websocket only."""
_NETLOC = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/?#\\\s,]+)(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE)
_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
_REFUSED = b"This name is not one of the app's. Open it as localhost, or start it with: tlviz app --allow-host NAME\n"


def guards() -> list[Middleware]:
    """Return what stands before the app's server: who may ask, where a drop goes, and what its document gets."""
    return [Middleware(Guard), Middleware(Dropping), Middleware(Document)]


class Guard:
    """Refuses requests under a foreign name, over HTTP and over the websocket, and forbids framing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif not is_welcome(scope["headers"], config.get_option(OPTION) or LOCAL):
            await _refuse(scope, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _unframed(send))


def is_welcome(headers: Iterable[tuple[bytes, bytes]], allowed: Iterable[str]) -> bool:
    """Return whether a request names exactly one host, an allowed one, and comes from no page of another."""
    said = [(name.lower(), value.decode("latin-1")) for name, value in headers]
    hosts = [value for name, value in said if name == b"host"]
    origins = [value for name, value in said if name == b"origin"]
    names = [host_name(host) for host in hosts] + [_origin_name(origin) for origin in origins]
    return len(hosts) == 1 and len(origins) <= 1 and all(_is_among(name, tuple(allowed)) for name in names)


def host_name(host: str) -> str | None:
    """Return the name in what a request calls its host, lower case and without the port; None for what is none."""
    match = _NETLOC.fullmatch(host)
    if match is None or int(match[2] or 0) > 65535:
        return None
    return _plain(match[1])


def _plain(name: str) -> str:
    name = name.strip().lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return name


def _origin_name(origin: str) -> str | None:
    """Return the name of the page that a request comes from; None for a page without one."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    is_plain = parts.scheme in {"http", "https"} and not (parts.path or parts.query or parts.fragment)
    return host_name(parts.netloc) if is_plain else None


def _is_among(name: str | None, allowed: Iterable[str]) -> bool:
    """Return whether a name is allowed; ``*.example.com`` allows what is below, ``*`` everything, as in Streamlit."""
    if not name:
        return False
    patterns = [_plain(pattern) for pattern in allowed]
    return any(
        pattern in {"*", name} or (pattern.startswith("*.") and name.endswith(pattern[1:])) for pattern in patterns
    )


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "foreign host"})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSED})


def _unframed(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in _HEADERS}
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in names]
            message = {**message, "headers": [*kept, *_HEADERS]}
        await send(message)

    return sending
