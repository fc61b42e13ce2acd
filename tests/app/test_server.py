"""The app's server answers under this machine's names only, spoken to by hand over HTTP and over the websocket."""

from __future__ import annotations

import base64
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.browser import ROOT, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the app as its README says, allowing one more name as ``--allow-host`` does."""
    one = Server(tmp_path_factory.mktemp("home"))
    command = [sys.executable, "-m", "tlviz", "app", "--port", str(one.port), "--no-browser"]
    one.launch([*command, "--allow-host", "tlviz.example"], ROOT, os.environ.copy())
    yield one
    one.kill()


def ask(server: Server, path: str, headers: dict[str, str], *, method: str = "GET") -> tuple[int, dict[str, str]]:
    """Send a request as it is written here and return the status and the headers of the answer."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with socket.create_connection(("localhost", server.port), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = connection.recv(65536)
            if not received:
                break
            answer += received
    first, *rest = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}


def shake_hands(server: Server, host: str, origin: str | None) -> int:
    """Ask for the app's websocket, and return the status of the answer: 101 opens it."""
    headers = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "streamlit",
    }
    return ask(server, "/_stcore/stream", headers | ({"Origin": origin} if origin else {}))[0]


def test_the_websocket_opens_for_this_machine_alone(server: Server) -> None:
    port = server.port
    welcome = {
        f"localhost:{port}": f"http://localhost:{port}",
        f"127.0.0.1:{port}": f"http://127.0.0.1:{port}",
        f"[::1]:{port}": f"http://[::1]:{port}",
        f"LOCALHOST:{port}": f"http://LOCALHOST:{port}",
        f"localhost.:{port}": f"http://localhost.:{port}",
        "localhost": None,
        "tlviz.example": "https://tlviz.example",
    }
    assert {host: shake_hands(server, host, origin) for host, origin in welcome.items()} == dict.fromkeys(welcome, 101)
    foreign = {
        "evil.example": "http://evil.example",
        f"evil.example:{port}": f"http://evil.example:{port}",
        f"localhost.evil.example:{port}": None,
        f"localhost:{port}": "http://evil.example",
        f"127.0.0.1:{port}": "null",
        "0.0.0.0": None,
    }
    assert {host: shake_hands(server, host, origin) for host, origin in foreign.items()} == dict.fromkeys(foreign, 403)


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/fine-tune", "/media/x.png"])
def test_pages_are_given_to_this_machine_alone_and_into_no_frame(server: Server, path: str) -> None:
    status, headers = ask(server, path, {"Host": f"localhost:{server.port}", "Connection": "close"})
    assert status in ({200, 404} if "media" in path else {200})
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    for host in ("evil.example", f"evil.example:{server.port}"):
        status, headers = ask(server, path, {"Host": host, "Connection": "close"})
        assert (status, headers["x-frame-options"]) == (403, "DENY")


def test_nothing_is_taken_from_a_foreign_page(server: Server) -> None:
    host = f"localhost:{server.port}"
    for method in ("PUT", "POST", "OPTIONS", "DELETE"):
        headers = {"Host": host, "Origin": "http://evil.example", "Content-Length": "0", "Connection": "close"}
        assert ask(server, "/_stcore/upload_file/a/b", headers, method=method)[0] == 403


def test_the_settings_beside_the_app_allow_the_same_names(tmp_path: Path) -> None:
    """Where it is started with ``streamlit run app.py``, they come from there."""
    import tomllib

    from tlviz.cli.app import LOCAL as TOLD
    from tlviz.ui.server import LOCAL

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert tuple(settings["server"]["allowedHosts"]) == LOCAL == TOLD
