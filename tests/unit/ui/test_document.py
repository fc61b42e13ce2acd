"""The document that the browser loads bears the app's script, and nothing else is touched."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Scope

from tlviz.ui.document import Document, with_script

STREAMLIT = '<html><head><title>Streamlit</title></head><body><div id="root"></div>' + " " * 2000 + "</body></html>"
OTHER = "<html><head></head><body>a frame of somebody else's</body></html>"
STAMPED = {"etag": '"1"', "last-modified": "yesterday"}
BROWSER = {"accept": "text/html,*/*", "accept-encoding": "gzip", "if-none-match": '"1"'}


def ask(path: str, headers: dict[str, str], method: str = "GET") -> tuple[dict[str, str], str]:
    """Return headers and body of the answer to a request."""
    app = Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(STREAMLIT, headers=STAMPED)),
            Route("/other", lambda _: HTMLResponse(OTHER)),
            Route("/text", lambda _: PlainTextResponse(STREAMLIT, headers=STAMPED)),
        ],
        middleware=[Middleware(Document), Middleware(GZipMiddleware)],
    )
    said = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": said, "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    # A browser test before it in this process leaves its own loop running in the main thread.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, app(scope, receive, send)).result()
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return answered, b"".join(message.get("body", b"") for message in sent[1:]).decode("utf-8", "replace")


def test_the_document_has_the_script_before_anything_else() -> None:
    headers, body = ask("/", BROWSER)
    assert body.startswith("<html><head><script>")
    assert "history.pushState =" in body
    assert body.replace(body[body.index("<script>") : body.index("</script>") + 9], "") == STREAMLIT
    assert headers["content-length"] == str(len(body.encode()))
    assert not {"content-encoding", *STAMPED} & set(headers), "a stamp of the file would keep one without the script"


def test_other_documents_other_kinds_and_other_requests_are_let_through() -> None:
    assert ask("/other", BROWSER)[1] == OTHER
    assert ask("/text", {"accept": "text/html"})[1] == STREAMLIT
    assert ask("/text", {"accept": "text/html"})[0].items() >= STAMPED.items()
    assert ask("/", {"accept": "application/json"})[1] == STREAMLIT
    assert ask("/", {"accept": "*/*", "accept-encoding": "gzip"})[0]["content-encoding"] == "gzip"


def test_a_document_of_another_program_is_unchanged() -> None:
    assert with_script(b"<head></head>") == b"<head></head>"
