"""A newcomer with own pictures, from a fresh start: found or dropped, asked, four steps, an exported bundle."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import Visit, serving, visiting
from tlviz.data.sources.notes import remembered_reading
from tlviz.data.sources.reading import Layout
from tlviz.data.sources.recent import list_recent
from tlviz.data.sources.store import list_stored
from tlviz.home import ASSETS
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.kinds import EXPORT, RACE

QUARTER_OF_AN_HOUR_S = 900
NAMES = ("bird", "flower", "mammal")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with a folder of pictures in Training/ and Testing/, sorted by who took them."""
    root = tmp_path / "person" / "My pictures 'é' 😀"
    for at, name in enumerate(NAMES):
        files = sorted((ASSETS / "datasets" / "photos" / name).glob("*.jpg"))[:22]
        for number, file in enumerate(files):
            part, who = ("Testing", "") if number >= 18 else ("Training", "anna" if (number + at) % 2 else "ben")
            folder = root / part / who / name if who else root / part / "anna" / name
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / file.name)
    (root / "readme.txt").write_text("My pictures.", encoding="utf-8")
    (tmp_path / "person" / "Documents").mkdir()
    (tmp_path / "person" / ".secret" / "a").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    return root


def shot(visit: Visit, name: str) -> None:
    """Take a picture of a step where a person wants to look at it."""
    visit.page.wait_for_timeout(400)
    visit.keep(f"newcomer_{name}")


def find_own_folder(visit: Visit, person: Path) -> None:
    """Go from a fresh start to the preview of the own folder, by clicks alone."""
    page = visit.page
    visit.go()
    shot(visit, "01_fresh")
    visit.choose("Target", "My own …")
    expect(page.get_by_text("No pictures are chosen yet")).to_be_visible()
    field = page.get_by_placeholder("/path/to/pictures").bounding_box()
    assert field
    assert field["y"] + field["height"] < 720, "the field for a path is in sight"
    shot(visit, "02_own")
    page.get_by_role("button", name="Choose my pictures").click()
    visit.settle()
    expect(page.get_by_role("button", name=person.name)).to_be_visible()
    expect(page.get_by_text(".secret")).to_have_count(0)
    shot(visit, "03_browser")


def answer_and_use(visit: Visit) -> None:
    """Answer the one question of the preview, and take the pictures."""
    page = visit.page
    expect(page.get_by_text("Which is meant?")).to_be_visible()
    expect(page.get_by_text("Left out: one file or folder")).to_be_visible()
    shot(visit, "04_preview")
    page.get_by_role("button", name="The innermost folders are the classes").click()
    visit.settle()
    expect(page.get_by_text("Which is meant?")).to_have_count(0)
    expect(page.get_by_text("66 pictures")).to_be_visible()
    expect(page.get_by_text("54 training, 12 test")).to_be_visible()
    shot(visit, "05_answered")
    page.get_by_role("button", name="Use these pictures").click()
    visit.settle()
    expect(page.get_by_text("66 images in 3 classes").first).to_be_visible(timeout=60_000)
    shot(visit, "06_target")


def decodings(home: Path) -> int:
    """Return how many targets have been decoded."""
    return len(list((home / "cache" / "images").glob("*")))


def test_own_pictures_are_found_previewed_and_used_without_typing(home: Path, person: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        find_own_folder(visit, person)
        decoded = decodings(home)
        visit.page.get_by_role("button", name="Look at it").click()
        visit.settle()
        assert decodings(home) == decoded, "nothing is decoded before it is wanted"
        assert_accessible(visit, "Target, preview")
        answer_and_use(visit)
        assert [one.images for one in list_recent()] == [66]
        assert remembered_reading(str(person)).layout is Layout.LEAVES
        assert not visit.errors
        assert not visit.outside


def follow(visit: Visit, step: str) -> None:
    """Go to the overview and press the button of the next step."""
    visit.menu("Overview")
    expect(visit.page.get_by_role("button", name=step)).to_be_visible(timeout=60_000)
    visit.settle()
    shot(visit, f"07_overview_{step.split()[0].lower()}")
    visit.page.get_by_role("button", name=step).click()
    visit.settle()


def four_steps(visit: Visit) -> None:
    """Look, measure, race and export, each from the overview's button."""
    page = visit.page
    follow(visit, "Look inside")
    expect(page.locator("img[alt^='stem:']").first).to_be_visible(timeout=60_000)
    shot(visit, "08_look")
    follow(visit, "Measure the stages")
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text("Race the advice").first).to_be_visible(timeout=300_000)
    shot(visit, "09_measure")
    follow(visit, "Race strategies")
    for name in ("Gradual", "Discriminative", "From scratch", "Two phases", "Full"):
        page.get_by_role("button", name=name, exact=True).click()
        visit.settle()
    for label, value in (("Seeds", "1"), ("Epochs", "2")):
        box = page.get_by_role("spinbutton", name=label)
        box.fill(value)
        box.press("Enter")
        visit.settle()
    visit.choose("Image size", "96")
    shot(visit, "10_race_form")
    page.get_by_role("button", name="Start the race").click()
    expect(page.get_by_role("button", name="Export the winner")).to_be_enabled(timeout=300_000)
    (race,) = list_runs(RACE)
    end = time.time() + 300
    while not race.status().is_over and time.time() < end:
        page.wait_for_timeout(500)
    visit.settle()
    shot(visit, "11_race")
    follow(visit, "Export the best run")
    page.get_by_role("button", name="Make and check").click()
    expect(page.get_by_text("the run's own answers for all").first).to_be_visible(timeout=300_000)
    visit.settle()
    shot(visit, "12_export")
    visit.menu("Overview")
    expect(page.get_by_text("Exported and checked")).to_be_visible(timeout=60_000)
    visit.settle()
    shot(visit, "13_done")


def bundles() -> list[Path]:
    """Return the folders of finished exports with what they hold."""
    return [job.path for job in list_runs(EXPORT) if not job.events()[-1].get("error")]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["found", "dropped"])
def test_from_own_pictures_to_an_exported_bundle_in_a_quarter_of_an_hour(way: str, home: Path, person: Path) -> None:
    begun = time.time()
    with serving(home) as server, visiting(server) as visit:
        visit.page.set_default_timeout(60_000)
        find_own_folder(visit, person)
        if way == "found":
            visit.page.get_by_role("button", name="Look at it").click()
        else:
            visit.page.get_by_role("radio", name="Drop pictures").click()
            visit.settle()
            shot(visit, "03_drop")
            visit.page.get_by_label("A folder", exact=True).set_input_files(str(person))
            expect(visit.page.get_by_role("heading", name="Preview")).to_be_visible(timeout=60_000)
        visit.settle()
        answer_and_use(visit)
        four_steps(visit)
        assert len(bundles()) == 1
        assert len(list_stored()) == (way == "dropped")
        assert not visit.errors
        assert not visit.outside
    took = time.time() - begun
    assert took < QUARTER_OF_AN_HOUR_S, f"{took:.0f} s"


@pytest.mark.slow
def test_two_tabs_drop_at_once_and_both_arrive(home: Path, person: Path, tmp_path: Path) -> None:
    other = tmp_path / "person" / "others"
    for name in NAMES:
        shutil.copytree(person / "Training" / "ben" / name, other / name)
    with serving(home) as server, visiting(server) as visit:
        tabs = [visit, visit.another_tab()]
        for tab in tabs:
            tab.go("/target?target=folder")
            tab.page.get_by_role("radio", name="Drop pictures").click()
            tab.settle()
        for tab, folder in zip(tabs, (person, other), strict=True):
            tab.page.get_by_label("A folder", exact=True).set_input_files(str(folder))
        for tab, count in zip(tabs, (66, 27), strict=True):
            expect(tab.page.get_by_text(f"{count} pictures").first).to_be_visible(timeout=60_000)
        assert len(list_stored()) == 2
        assert not list((home / "uploads").iterdir())
        tabs[1].settle()
        tabs[1].page.get_by_role("button", name="Not these").click()
        expect(tabs[1].page.get_by_text("Where are your pictures?")).to_be_visible(timeout=30_000)
        assert len(list_stored()) == 1, "a copy that nobody wanted is gone"
