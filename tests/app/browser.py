"""A real server and a real headless Chromium, for tests and measurements."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.app.shared_server import READY

expect.set_options(timeout=30_000)  # two of these tests may share two cores with a run that trains

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def chromium() -> str:
    """Return the path of an installed Chromium; without one skip, or fail where a test run is a judgement."""
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    message = "browser tests need Chromium, on Debian: apt-get install chromium-headless-shell"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class Server:
    """``streamlit run app.py`` on a free port of this machine."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def flags(self) -> list[str]:
        return [f"--server.port={self.port}", "--server.headless=true"]

    def start(self) -> None:
        self.launch([sys.executable, "-m", "streamlit", "run", "app.py", *self.flags], ROOT, os.environ.copy())

    def launch(self, command: list[str], cwd: Path, environment: dict[str, str], **options: Any) -> None:
        with self._log_path().open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=environment | {"TLVIZ_HOME": str(self.home)}, stdout=log, stderr=log, **options
            )
        end = time.time() + 60
        while time.time() < end:
            try:
                if urlopen(f"{self.url}/_stcore/health", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        pytest.fail("the app did not start within 60 s")

    def _log_path(self) -> Path:
        """Return where the app's messages go: beside the pictures where a person wants these."""
        folder = os.environ.get("TLVIZ_PICTURES")
        return Path(folder) / "server.log" if folder else Path(os.devnull)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


class SharedServer(Server):
    """The app for one test after another: each has its own home, and what the app remembers is forgotten between."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._ready, told = os.pipe()
        command = [sys.executable, "-m", "tests.app.shared_server", *self.flags]
        self.launch(command, ROOT, os.environ | {READY: str(told)}, stdin=subprocess.PIPE, pass_fds=(told,))
        os.close(told)

    def serve(self, home: Path) -> None:
        """Go over to another home, and to this process's environment."""
        assert self.process
        assert self.process.stdin
        self.home = home
        self.process.stdin.write(json.dumps(os.environ | {"TLVIZ_HOME": str(home)}).encode() + b"\n")
        self.process.stdin.flush()
        assert os.read(self._ready, 1) == b".", "the app has ended"


_shared: list[SharedServer] = []


@contextmanager
def serving(home: Path, *, alone: bool = False) -> Iterator[Server]:
    """Serve a home for the length of a block; ``alone`` by a server of its own, which may be killed."""
    if not alone:
        if not _shared:
            _shared.append(SharedServer(home))
            atexit.register(_shared[0].kill)
        _shared[0].serve(home)
        yield _shared[0]
        return
    server = Server(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


STILL = """addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, *::before, *::after { animation: none !important; transition: none !important; }";
  document.head.append(style);
});"""
"""Without a GPU, a wheel that turns while a page waits takes a whole core from what it waits for."""


class Visit:
    """An open tab that notes every error and every request to anywhere but this machine."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.add_init_script(STILL)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.server.url, "data:", "blob:", self.server.url.replace("http", "ws"))):
            self.outside.append(url)

    def go(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)
        self.settle()

    @property
    def address(self) -> str:
        """Return what stands in the address bar."""
        return str(self.page.evaluate("location.href"))

    def menu(self, name: str) -> None:
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script is at rest; a fragment that polls does not count as running."""
        self.page.wait_for_selector("h1")
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=90_000)

    def another_tab(self) -> Visit:
        """Open one more tab, as another person's browser would: nothing is shared with this one."""
        browser = self.page.context.browser
        assert browser
        return Visit(browser.new_page(viewport={"width": 1280, "height": 720}), self.server)

    def keep(self, name: str) -> None:
        """Take a picture of the page where a person wants to look at what the tests saw."""
        if folder := os.environ.get("TLVIZ_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def keep_both(self, name: str) -> None:
        """Take a picture in either theme where a person wants to look at what the tests saw."""
        if folder := os.environ.get("TLVIZ_PICTURES"):
            self.picture(Path(folder) / name)

    def picture(self, to: Path) -> None:
        """Take a picture of the page in either theme."""
        schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme)
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=to.with_name(f"{to.name}_{scheme}.png"))

    def choose(self, label: str, option: str) -> None:
        box = self.page.get_by_role("combobox", name=label).first
        box.scroll_into_view_if_needed()
        self.page.wait_for_timeout(200)  # a list that opens while its page still scrolls is closed again
        box.click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.settle()

    def points(self, name: str) -> int:
        """Return how many points a curve of the accuracy chart has."""
        return int(
            self.page.evaluate(
                "name => (document.querySelector('.js-plotly-plot')?.data ?? [])"
                ".find(t => t.name === name)?.x?.length ?? 0",
                name,
            )
        )

    def wait_points(self, count: int, seconds: float = 60) -> None:
        end = time.time() + seconds
        while self.points("validation") < count:
            assert time.time() < end, f"the curve has {self.points('validation')} points, not {count}"
            self.page.wait_for_timeout(250)


_opened: list[tuple[Playwright, Browser]] = []


def _close() -> None:
    while _opened:
        playwright, browser = _opened.pop()
        browser.close()
        playwright.stop()


def browser() -> Browser:
    """Return this process's Chromium; what a tab keeps is its own, so one test after another may use it."""
    if _opened and not _opened[0][1].is_connected():
        _close()
    if not _opened:
        path = chromium()
        playwright = sync_playwright().start()
        _opened.append((playwright, playwright.chromium.launch(executable_path=path, args=FLAGS)))
        atexit.register(_close)
    return _opened[0][1]


@contextmanager
def visiting(server: Server) -> Iterator[Visit]:
    """Open a tab of 1280 x 720 pixels for the length of a block; those opened within it close with it."""
    chrome = browser()
    before = chrome.contexts
    page = chrome.new_page(viewport={"width": 1280, "height": 720}, color_scheme="light", accept_downloads=True)
    try:
        yield Visit(page, server)
    finally:
        for context in chrome.contexts:
            if context not in before:
                context.close()


def photograph(document: Path, to: Path, width: int, height: int) -> None:
    """Take a picture of a page on disk, at twice the resolution, on white."""
    page = browser().new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
    page.goto(document.as_uri())
    page.wait_for_timeout(500)
    page.screenshot(path=to)
    page.close()
