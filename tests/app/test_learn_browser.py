"""The Learn page in a real browser: a card from its numbers to a live run and its verdict, the lesson, the glossary."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from tests.app.access import Theme, assert_accessible
from tests.app.browser import Visit, serving, visiting
from tests.unit.learn.made import VALUES
from tlviz.learn.class_folder import CLASS_FOLDER
from tlviz.learn.library import all_cards, find_card
from tlviz.learn.progress import answers, done_cards
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status

QUICK = "early-features"
SIZES = ((1280, 720), (1920, 1080))


def run_card(visit: Visit, name: str, seconds: float) -> None:
    """Press *Run it here* and wait until the card shows the numbers found here."""
    visit.page.get_by_role("button", name="Run it here").click()
    expect(visit.page.get_by_text("Your numbers")).to_be_visible(timeout=1000 * seconds)
    visit.settle()
    rows = {row for experiment in find_card(name).experiments for row in experiment.runs} or {"stem", "fire9"}
    for row in rows:
        expect(visit.page.locator("table.dots").nth(1).get_by_role("rowheader", name=row, exact=True)).to_be_visible()
    assert not visit.errors
    assert not visit.outside


def test_a_card_runs_here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny card of an instructor's own: those that ship take a minute each, see below."""
    (tmp_path / "cards").mkdir()
    settings = {"image_size": 64, "epochs": 1, "labels_per_class": 2, "gauges": False}
    runs = {"Slow": {"strategy": "head_only", "head_lr": 1e-4}, "Fast": {"strategy": "head_only", "head_lr": 1e-2}}
    race = VALUES["experiments"][0] | {"settings": settings, "runs": runs, "seeds": [0]}
    check = VALUES["checks"][0] | {"first": "Fast", "second": "Slow"}
    (tmp_path / "cards" / "own.yaml").write_text(yaml.safe_dump(VALUES | {"experiments": [race], "checks": [check]}))
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    with serving(home) as server, visiting(server) as visit:
        visit.go("/learn?card=made-up")
        visit.page.get_by_role("button", name="Run it here").click()
        expect(visit.page.get_by_text("Your numbers")).to_be_visible(timeout=120_000)
        expect(visit.page.locator("table.dots").get_by_role("rowheader", name="Fast", exact=True)).to_be_visible()
        assert_accessible(visit, "Learn", "light")
        assert not visit.errors
        assert not visit.outside


@pytest.mark.slow
def test_a_tick_and_what_was_run_survive_a_restart(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        visit.go(f"/learn?card={QUICK}")
        expect(visit.page.get_by_text("orne out", exact=False).first).to_be_visible()
        expect(visit.page.get_by_text(f"learn measure --cards {QUICK}")).to_be_visible()
        run_card(visit, QUICK, 120)
        assert all(run.status() is Status.FINISHED for run in list_runs())
        visit.page.get_by_role("button", name="Done: tick it").click()
        visit.settle()
        expect(visit.page.get_by_text("1 of")).to_be_visible()
        assert list(done_cards()) == [QUICK]
    with serving(home) as server, visiting(server) as visit:
        visit.go(f"/learn?card={QUICK}")
        expect(visit.page.get_by_text("1 of")).to_be_visible()
        expect(visit.page.get_by_text("Your numbers")).to_be_visible()


@pytest.mark.slow
def test_answers_survive_and_end_in_a_hand_in(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        visit.go("/learn?learn=Lesson")
        visit.page.get_by_text("Somewhere in the middle").click()
        visit.settle()
        box = visit.page.get_by_role("textbox", name="Why?")
        box.fill("Digits are strokes.")
        box.blur()
        visit.settle()
        visit.page.get_by_role("button", name="Next").click()
        visit.settle()
        expect(visit.page.get_by_text("Up to which stage can you still see")).to_be_visible()
        assert answers("general-or-specific")["predict"] == "Digits are strokes."
    with serving(home) as server, visiting(server) as visit:
        visit.go("/learn?learn=Lesson&step=predict")
        expect(visit.page.get_by_role("textbox", name="Why?")).to_have_value("Digits are strokes.")
        visit.go("/learn?learn=Lesson&step=conclude")
        expect(visit.page.get_by_text("Still missing")).to_be_visible()
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Hand-in").click()
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert "Somewhere in the middle" in text
        assert "Digits are strokes." in text


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(home: Path, theme: Theme, tmp_path: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        for name, address in (
            ("Learn", "/learn"),
            ("Learn, lesson", "/learn?learn=Lesson&step=measure"),
            ("Learn, words", "/learn?learn=Words&word=transfer"),
        ):
            visit.go(address)
            assert_accessible(visit, name, theme)
            visit.page.emulate_media(color_scheme=theme)
            for width, height in SIZES:
                visit.page.set_viewport_size({"width": width, "height": height})
                visit.page.wait_for_timeout(200)
                overflow = visit.page.evaluate(
                    "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert overflow <= 0, (name, width)
                visit.keep(f"{name}_{theme}_{width}".replace(", ", "_"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [card.name for card in all_cards()[0] if card.name != QUICK])
def test_every_card_runs_here(home: Path, name: str) -> None:
    with serving(home) as server, visiting(server) as visit:
        visit.go(f"/learn?card={name}")
        assert not visit.page.get_by_text("Your numbers").count(), "before it was run"
        run_card(visit, name, 600)
