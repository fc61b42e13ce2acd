"""Every page in both themes: axe-core finds nothing serious or critical, and every text can be read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.app.access import TALL, Theme, check_headings, contrast, find_faults
from tests.app.browser import Visit, serving, visiting
from tests.app.finished import CLASSES, finished_run
from tests.profiles import made_profile
from tests.unit.runs.made_races import hits, write_race
from tlviz.data.sample import sample_target
from tlviz.diagnose.profile_store import profile_path, save_profile
from tlviz.diagnose.request import make_request
from tlviz.home import ASSETS
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages
from tlviz.runs.predictions import Answers, write_answers
from tlviz.ui.frame import PAGES

THEMES: tuple[Theme, ...] = ("light", "dark")
PICTURES = ("bird/duck.jpg", "bird/owl.jpg", "fish/shark.jpg", "mammal/cow.jpg")
EACH = 5
"""Pictures of either class of the small target: as few as a profile takes."""
PROBES = (0.4, 0.5, 0.55, 0.6, 0.7, 0.75, 0.8, 0.7, 0.6)

VISITS = {
    "Models": (),
    "Overview": (),
    "Target": (),
    "Target, map": ("Map",),
    "Feature maps": (),
    "Channels": (),
    "Attributions": (),
    "Measure": (),
    "Fine-tune": ("More",),
    "Race": ("New race",),
    "Compare": ("Errors",),
    "Runs": (),
    "Export": (),
    "Learn": (),
}
"""The pages in the order of the visit, and the words that are clicked there before looking.

The first is opened by its address, the others by the menu: to load the page anew each time would take the longest.
"""


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Return a tab of one server whose home holds a small target."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLVIZ_HOME", str(folder))
        _make_small_target(folder / "small")
        _fill_home(folder / "small")
    with serving(folder) as server, visiting(server) as visit:
        visit.page.set_default_timeout(60_000)
        visit.page.set_viewport_size(TALL)
        yield visit


def _make_small_target(folder: Path) -> None:
    """Copy a few of the photographs, so that what looks at every picture is quick."""
    for pictures in sorted((ASSETS / "datasets" / "photos").iterdir())[:2]:
        (folder / pictures.name).mkdir(parents=True)
        for picture in sorted(pictures.glob("*.jpg"))[:EACH]:
            shutil.copy(picture, folder / pictures.name)


def _small(visit: Visit) -> str:
    return f"target=folder&folder={visit.server.home / 'small'}"


def _fill_home(small: Path) -> None:
    labels = np.array([1, 1, 2, 3])
    for strategy, guesses in (("head_only", [1, 1, 2, 2]), ("full", [1, 2, 2, 3])):
        run = finished_run(strategy, size=64)
        write_answers(run, Answers(0, CLASSES, PICTURES, labels, 3 * np.eye(5, dtype=np.float32)[guesses]))
    write_race({("full", 0): [hits(40, 100), hits(80, 100)], ("gradual", 0): [hits(40, 100), hits(79, 100)]})
    names = [stage.name for stage in architecture_stages(find_model("squeezenet1_1"), 1000)[:-1]]
    for data in (str(small), "clipart"):
        request = make_request("squeezenet1_1", data)
        profile = made_profile("squeezenet1_1", data, PROBES, names)
        save_profile(profile_path(request, sample_target(data, request.limit)[0]), profile)


@pytest.mark.slow
def test_nothing_serious_or_critical_on_any_page_in_either_theme(visit: Visit) -> None:
    """axe-core's rules, the contrast of words in drawings, and headings that go down by one level at a time.

    In its second theme only a page's colours can be worse.  One theme of each page is looked at in every test run, by
    the page's own test (``assert_accessible``).
    """
    faults = []
    for at, (name, clicked) in enumerate(VISITS.items()):
        order = (THEMES[at % 2], THEMES[1 - at % 2])
        visit.page.emulate_media(color_scheme=order[0])
        _open(visit, name.partition(",")[0], clicked, is_first=at == 0)
        for theme in order:
            visit.page.emulate_media(color_scheme=theme)
            visit.settle()
            faults += find_faults(visit.page, name, theme, only_colours=theme != order[0])
        check_headings(visit.page, name)
    visit.page.get_by_role("textbox", name="Folder or CSV").fill("/nowhere")
    visit.page.keyboard.press("Enter")
    visit.menu("Target")
    expect(visit.page.get_by_role("alert").first).to_be_visible()
    faults += find_faults(visit.page, "Target, not found", order[-1])
    assert not faults, "\n" + "\n".join(map(str, faults))


def _open(visit: Visit, page: str, clicked: Sequence[str], *, is_first: bool) -> None:
    if is_first:
        visit.go(f"/models?models=squeezenet1_1&{_small(visit)}")
    else:
        visit.menu(page)
    expect(visit.page.get_by_role("heading", level=1, name=f"{page}:")).to_be_visible()
    for words in clicked:
        visit.page.get_by_text(words, exact=True).first.click()


def test_every_page_is_visited() -> None:
    pages = {entry.name for entry in PAGES}
    assert {name.partition(",")[0] for name in VISITS} == pages
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*browser.py"))
    assert set(re.findall(r'assert_accessible\(visit, "([^",]+)', tests)) == pages, "and by its own test, in every run"


def test_the_map_and_tiles_are_walked_by_keyboard(visit: Visit) -> None:
    page = visit.page
    visit.go(f"/target?view=Map&{_small(visit)}")
    marks = page.locator(".map .mark")
    expect(marks).to_have_count(2 * EACH)
    assert [mark.get_attribute("tabindex") for mark in marks.all()] == ["0", *["-1"] * (2 * EACH - 1)], "one tab stop"
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    name = str(marks.nth(1).get_attribute("aria-label")).partition(": ")[2]
    expect(page.get_by_alt_text(f"The picture {name}")).to_be_visible()

    visit.menu("Feature maps")
    sprite = page.locator(".tiles .clickable").first
    sprite.focus()
    before = sprite.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tiles .hovered")).to_have_count(1)
    assert sprite.get_attribute("aria-label") != before, "the label names the tile"
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="One channel")).to_be_checked()
    assert not visit.errors


def test_contrast_agrees_with_known_values() -> None:
    black, white, grey = np.zeros(3), np.full(3, 255.0), np.full(3, 119.0)
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)
    assert contrast(grey, white) == pytest.approx(4.478, abs=1e-3)
    assert contrast(grey, grey) == 1
