"""A real server and a real headless Chromium, for tests and measurements."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # two of these tests may share two cores with a run that trains

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def chromium() -> str:
    """Return the path of an installed Chromium; without one skip, or fail where a test run is a judgement."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    message = "browser tests need Chromium, on Debian: apt-get install chromium"
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

    def start(self) -> None:
        flags = [f"--server.port={self.port}", "--server.headless=true"]
        self.launch([sys.executable, "-m", "streamlit", "run", "app.py", *flags], ROOT, os.environ.copy())

    def launch(self, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment | {"TLVIZ_HOME": str(self.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.time() + 30
        while time.time() < end:
            try:
                if urlopen(f"{self.url}/_stcore/health", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        pytest.fail("the app did not start within 30 s")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Run a server for the length of a block."""
    server = Server(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Visit:
    """An open tab that notes every error and every request to anywhere but this machine."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.outside: list[str] = []
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

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_role("combobox", name=label).first.click()
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
            self.page.wait_for_timeout(50)


@contextmanager
def visiting(server: Server, scheme: Literal["light", "dark"] = "light") -> Iterator[Visit]:
    """Open a tab of 1280 x 720 pixels for the length of a block."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme=scheme, accept_downloads=True)
        try:
            yield Visit(page, server)
        finally:
            browser.close()


def photograph(document: Path, to: Path, width: int, height: int) -> None:
    """Take a picture of a page on disk, at twice the resolution, on white."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
        page.goto(document.as_uri())
        page.wait_for_timeout(500)
        page.screenshot(path=to)
        browser.close()
