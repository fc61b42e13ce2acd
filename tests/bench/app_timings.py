"""How long a person waits: ``python tests/bench/app_timings.py``.  A fresh server for each round, the browser open."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.app.browser import Server, Visit, visiting

ROUNDS = 3
LIMITS_S = {
    "app start to first text": 5.0,
    "app start to first feature maps": 10.0,
    "switching the stage": 0.5,
    "switching the picture": 0.5,
    "switching the page": 1.0,
    "click on start to epoch 0": 6.0,
}


def measure(home: Path, seconds: dict[str, list[float]]) -> None:
    """Walk once through the app and note the waits."""
    server = Server(home)
    with visiting(server) as visit:
        page = visit.page
        page.goto("about:blank")
        begun = time.perf_counter()
        server.start()
        page.goto(server.url)
        page.wait_for_selector("h1")
        seconds["app start to first text"].append(time.perf_counter() - begun)
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Feature maps", exact=True).click()
        page.wait_for_selector("img[alt^='fire9:']")
        seconds["app start to first feature maps"].append(time.perf_counter() - begun)
        visit.settle()
        switch_stages(visit, seconds["switching the stage"])
        switch_picture(visit, seconds["switching the picture"])
        switch_pages(visit, seconds["switching the page"])
        visit.menu("Fine-tune")
        page.get_by_role("radio", name="Head only").click()
        visit.settle()
        begun = time.perf_counter()
        page.get_by_role("button", name="Start", exact=True).click()
        visit.wait_points(1)
        seconds["click on start to epoch 0"].append(time.perf_counter() - begun)
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("stopped, best kept").first.wait_for(timeout=30_000)
    server.kill()


def switch_stages(visit: Visit, seconds: list[float]) -> None:
    """Click one stage after the other."""
    for stage in ("fire2", "fire5", "fire9"):
        begun = time.perf_counter()
        visit.page.locator(f"[data-stage={stage}]").click()
        visit.page.wait_for_selector(f"img[alt^='{stage}:']")
        visit.page.wait_for_function("document.querySelectorAll('img[alt*=\" of \"]').length === 1")
        seconds.append(time.perf_counter() - begun)
        visit.settle()


def switch_picture(visit: Visit, seconds: list[float]) -> None:
    """Choose another picture from the list."""
    before = visit.page.locator("img[alt^='fire9:']").get_attribute("src")
    visit.page.get_by_role("combobox", name="Picture").click()
    begun = time.perf_counter()
    visit.page.get_by_role("option").nth(2).click()
    visit.page.wait_for_function(
        "before => ![null, undefined, before].includes(document.querySelector(\"img[alt^='fire9:']\")?.src)",
        arg=before,
    )
    seconds.append(time.perf_counter() - begun)


def switch_pages(visit: Visit, seconds: list[float]) -> None:
    """Go to one page after the other by the menu, until the page's script is at rest; the first round loads code."""
    for at, (name, slug) in enumerate([("Target", "target"), ("Runs", "runs"), ("Measure", "measure")] * 2):
        begun = time.perf_counter()
        visit.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        visit.page.wait_for_url(f"**/{slug}*")
        visit.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        if at > 2:
            seconds.append(time.perf_counter() - begun)
        visit.settle()


def main() -> None:
    """Print the median of every wait beside its limit."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            measure(Path(home), seconds)
    for name, limit in LIMITS_S.items():
        shown = ", ".join(f"{value:.2f}" for value in seconds[name])
        print(f"{name}: median {statistics.median(seconds[name]):.2f} s, limit {limit} s ({shown})")


if __name__ == "__main__":
    main()
