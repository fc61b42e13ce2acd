"""Pictures of every page to look at: ``python tests/bench/screenshots.py FOLDER [--home HOME] [--only NAMES]``.

A home with a measured target, a finished race of two strategies and its runs is made where HOME holds none (some
minutes); then every page is opened at 1280 x 800 and 1024 x 768 in both themes, each view of those that have several,
and a sheet of all pictures of a size and theme is laid out.  ``--documents`` also cuts those of the documents into
``assets/pictures``.  Chromium must be installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PIL import Image
from playwright.sync_api import Error

from tests.app.browser import ROOT, Server, Visit, browser

MODEL, DATA = "squeezenet1_1", "photos"
SIZES = ((1280, 800), (1024, 768))
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ABOUT = f"source={MODEL}&target={DATA}"
PAGES = {
    "overview": "/?",
    "models": "/models?",
    "target": "/target?",
    "target_map": "/target?view=Map&",
    "feature_maps": "/feature_maps?",
    "channels": "/channels?",
    "attributions": "/attributions?",
    "attributions_ig": "/attributions?method=integrated_gradients&",
    "measure": "/measure?",
    "measure_map": "/measure?measure=Map&",
    "finetune": "/finetune?",
    "race": "/race?",
    "compare": "/compare?",
    "compare_calibration": "/compare?compared=Calibration&",
    "runs": "/runs?",
    "export": "/export?",
    "learn": "/learn?",
}
COLUMNS, SMALL = 4, 480
DOCUMENTS = {"finetune": 1290, "export": 800}
"""Pages that are pictures in the documents, and how far down they are shown there."""
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
LONGEST_MS = 400_000
MOST_HIGH = 2400
"""A page that is longer is cut here."""


def make_home(home: Path) -> None:
    """Measure the target and run a small race, where that was not done before."""
    work = [
        ["profile", "--model", MODEL, "--data", DATA],
        [
            *("race", "--model", MODEL, "--data", DATA, "--strategies", "head_only,last_stages"),
            *("--seeds", "0,1,2", "--epochs", "4", "--image-size", "96"),
        ],
    ]
    for command in work:
        if (home / f".{command[0]}").exists():
            continue  # of these very files: a copy of the program would measure anew
        subprocess.run(
            [sys.executable, "-m", "tlviz", *command], check=True, env=os.environ | {"TLVIZ_HOME": str(home)}
        )
        (home / f".{command[0]}").touch()


def take(visit: Visit, to: Path, theme: Literal["light", "dark"]) -> None:
    """Take a picture of the whole page as it is in a theme, as far down as anybody looks."""
    page = visit.page
    page.emulate_media(color_scheme=theme)
    page.wait_for_timeout(400)
    height = page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollHeight ?? innerHeight")
    before: Any = page.viewport_size
    page.set_viewport_size({"width": before["width"], "height": min(MOST_HIGH, max(before["height"], int(height)))})
    page.wait_for_timeout(600)
    page.screenshot(path=to)
    page.set_viewport_size(before)


def cut_documents(folder: Path) -> None:
    """Cut the pictures of the documents out of the wide, light ones."""
    for name, height in DOCUMENTS.items():
        with Image.open(folder / f"{name}_{SIZES[0][0]}_{THEMES[0]}.png") as picture:
            shown = picture.convert("RGB").crop((0, 0, picture.width, min(height, picture.height)))
            shown.save(ROOT / "assets" / "pictures" / f"{name}.png", optimize=True)


def sheet(pictures: list[Path], to: Path) -> None:
    """Lay pictures side by side, small."""
    if not pictures:
        return
    small = []
    for path in pictures:
        with Image.open(path) as picture:
            height = min(SMALL, picture.height * SMALL // picture.width * 2)
            shown = picture.convert("RGB").resize((SMALL, picture.height * SMALL // picture.width))
            small.append(shown.crop((0, 0, SMALL, height)))
    high = max(picture.height for picture in small)
    rows = -(-len(small) // COLUMNS)
    canvas = Image.new("RGB", (COLUMNS * (SMALL + 8), rows * (high + 8)), "#888888")
    for at, picture in enumerate(small):
        canvas.paste(picture, (at % COLUMNS * (SMALL + 8), at // COLUMNS * (high + 8)))
    canvas.save(to)


def main() -> None:
    """Make the home, visit every page and keep the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, default=Path("/tmp/tlviz-screenshots"))
    parser.add_argument("--only", default="")
    parser.add_argument("--documents", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    given.home.mkdir(parents=True, exist_ok=True)
    make_home(given.home)
    server = Server(given.home)
    server.start()
    found: dict[tuple[int, str], list[Path]] = {(size[0], theme): [] for size in SIZES for theme in THEMES}
    try:
        for name in given.only.split(",") if given.only else PAGES:
            path = PAGES[name]
            for width, height in SIZES:
                page = browser().new_page(viewport={"width": width, "height": height})
                page.set_default_timeout(LONGEST_MS)
                visit = Visit(page, server)
                try:
                    page.goto(f"{server.url}{path}{ABOUT}")
                    page.wait_for_selector("h1")
                    page.wait_for_selector(AT_REST)
                    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
                    for theme in THEMES:
                        to = given.folder / f"{name}_{width}_{theme}.png"
                        take(visit, to, theme)
                        found[width, theme].append(to)
                except Error as error:
                    sys.stderr.write(f"{name} at {width}: {error}\n")
                sys.stderr.write(f"{name} {width}: {len(visit.errors)} errors\n")
                page.close()
    finally:
        server.kill()
    if given.documents:
        cut_documents(given.folder)
    for (width, theme), pictures in found.items():
        sheet(pictures, given.folder / f"sheet_{width}_{theme}.png")


if __name__ == "__main__":
    main()
