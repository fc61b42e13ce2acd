"""What a browser sends: written as it comes, within limits, under secret names, gone when it is not taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tlviz.ui import arrivals
from tlviz.ui.arrivals import Arrivals, Dropping


@pytest.fixture
def here() -> Iterator[Arrivals]:
    arrivals.arrivals.cache_clear()
    yield arrivals.arrivals()
    arrivals.arrivals.cache_clear()


def ask(method: str, token: str, *parts: bytes) -> tuple[int, str]:
    """Send a request to what stands before the app, and return the answer."""
    said: list[Any] = []
    left = [{"type": "http.request", "body": part, "more_body": at < len(parts) - 1} for at, part in enumerate(parts)]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})

    async def receive() -> Any:
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": method, "path": f"/_tlviz/drop/{token}", "headers": []}
    with ThreadPoolExecutor(1) as pool:  # where a browser test ran before, this thread has a loop that runs
        pool.submit(asyncio.run, Dropping(app)(scope, receive, send)).result()
    return said[0]["status"], said[-1].get("body", b"").decode()


def put(token: str, files: dict[str, bytes], *, step: int = 10_000) -> tuple[int, str]:
    """Send files as the browser does, in pieces of ``step`` bytes."""
    listed = json.dumps([[name, len(content)] for name, content in files.items()])
    body = listed.encode() + b"\n" + b"".join(files.values())
    return ask("PUT", token, *(body[at : at + step] for at in range(0, len(body), step)))


def test_what_is_sent_is_taken_with_its_path_and_content(here: Arrivals, home: Path) -> None:
    token = here.begin(1000, 10)
    assert not (home / "uploads").exists(), "nothing is written before something comes"
    files = {"pets 😀/cat/'1'.png": b"onetwo", "pets 😀/dog/1.png": b""}
    assert put(token, files, step=7) == (204, "")
    one, two = here.take(token)
    assert (one.name, one.place.read_bytes(), one.size) == ("pets 😀/cat/'1'.png", b"onetwo", 6)
    assert two.size == 0
    assert here.begin(1, 1) != token
    assert ask("DELETE", token) == (204, "")
    assert not one.place.exists()
    assert not here.is_known(token)


def test_more_than_is_allowed_is_refused(here: Arrivals) -> None:
    token = here.begin(10, 2)
    assert put(token, {"a": b"12345"})[0] == 204
    assert put(token, {"b": b"1234567890"}) == (413, "it has more than 0.0 GB")
    assert [file.name for file in here.take(token)] == ["a"]
    token = here.begin(10, 2)
    assert [put(token, {name: b"1"})[0] for name in "abc"] == [204, 204, 413]


def test_what_was_not_begun_here_is_refused_and_every_other_request_goes_on(here: Arrivals) -> None:
    assert put("0" * 32, {"a": b"1"})[0] == 404
    assert put("../../x", {"a": b"1"})[0] == 404
    assert ask("GET", here.begin(10, 10))[0] == 299
    assert put(here.begin(10, 10), {"": b"1"})[0] == 400
    for bad in (b"{\n", b"[[1]]\n", b'[["a", -1]]\n', b'[["a", "x"]]\n', b"\n", b"7\n"):
        assert ask("PUT", here.begin(10, 10), bad)[0] == 400


def test_a_file_sent_again_counts_once_and_one_that_breaks_off_not_at_all(here: Arrivals) -> None:
    token = here.begin(10, 3)
    assert [put(token, {"a": b"12345"})[0] for _ in range(2)] == [204, 204]
    assert ask("PUT", token, b'[["b", 4]]\n', b"12")[0] == 507
    assert [(file.name, file.size) for file in here.take(token)] == [("a", 5)]


def test_a_disk_that_cannot_be_written_is_one_sentence(here: Arrivals, home: Path) -> None:
    home.mkdir()
    (home / "uploads").write_text("in the way", encoding="utf-8")
    status, words = put(here.begin(10, 3), {"a": b"1"})
    assert status == 507
    assert "Cannot write" in words


def test_the_drops_of_long_ago_are_forgotten(here: Arrivals) -> None:
    first = here.begin(1, 1)
    for _ in range(300):
        here.begin(1, 1)
    assert not here.is_known(first)
