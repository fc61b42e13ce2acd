"""How much a tab may send: counted, refused beyond the limit, and free again for what was taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tlviz.data.sources.drop import MOST_BYTES
from tlviz.ui import uploads
from tlviz.ui.uploads import UploadLimit, Uploads


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    held: dict[str, int] = {}
    monkeypatch.setattr(uploads, "_held", lambda tab: dict(held))
    uploads.uploads.cache_clear()
    return held


def test_a_tab_may_send_up_to_the_limit_and_each_tab_has_its_own(nothing_held: dict[str, int]) -> None:
    sent = Uploads()
    assert sent.may_send("a", "1", MOST_BYTES)
    nothing_held["1"] = MOST_BYTES
    assert not sent.may_send("a", "2", MOST_BYTES)
    assert sent.may_send("b", "1", MOST_BYTES)
    assert sent.refused("a") == 1
    assert sent.refused("a") == 0, "told once"
    sent.take_back("a", "1")
    assert sent.may_send("a", "2", MOST_BYTES)


def test_what_the_page_no_longer_holds_does_not_count() -> None:
    sent = Uploads()
    for at in range(5):
        assert sent.may_send("a", str(at), MOST_BYTES), "what was copied has been freed"


def test_the_tabs_of_long_ago_are_forgotten() -> None:
    sent = Uploads()
    for at in range(1000):
        sent.may_send(str(at), "1", 1)
    assert len(sent._tabs) < 300


@pytest.mark.parametrize(("method", "size", "status"), [("PUT", MOST_BYTES * 2, 413), ("PUT", 9, 204), ("GET", 9, 204)])
def test_a_request_beyond_the_limit_never_reaches_the_app(method: str, size: int, status: int) -> None:
    said: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/_stcore/upload_file/tab/file",
        "headers": [(b"content-length", str(size).encode())],
    }
    asyncio.run(UploadLimit(app)(scope, None, send))  # type: ignore[arg-type]
    assert said[0]["status"] == status
