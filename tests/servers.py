"""A small server with the file layout of the weights' real servers, and every way in which one can fail."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Server:
    """What is served under which path, and how much of it comes before the connection breaks."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    breaks_after: int | None = None
    stalls: bool = False
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, content: bytes, etag: str | None = None) -> None:
        self.files[path] = content
        self.etags[path] = etag or hashlib.sha256(content).hexdigest()


@contextmanager
def serving() -> Iterator[Server]:
    """Serve on a free port of this machine until the end of the block."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            server.asked.append(f"{self.command} {self.path}")
            content = server.files.get(self.path)
            if content is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{server.etags[self.path]}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(content[: server.breaks_after])
                self.wfile.flush()
                while server.stalls:
                    time.sleep(0.05)
                self.close_connection = server.breaks_after is not None

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return  # a client that goes away is what some tests are about

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        server.address = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stalls = False
            httpd.shutdown()
