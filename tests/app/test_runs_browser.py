"""Comparing, managing and trying runs in a real browser, with runs that were really trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import Visit, serving, visiting
from tlviz.finetune.config import configure
from tlviz.home import ASSETS
from tlviz.runs.predictions import read_answers
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.trash import list_trash
from tlviz.runs.summary import summarise
from tlviz.worker import main as work


def trained(strategy: str) -> RunFolder:
    settings = configure("squeezenet1_1", "photos", strategy, epochs=2, image_size=64).to_json()
    run = create_run("finetune", strategy, settings)
    assert work(str(run.path)) == 0
    return run


@pytest.fixture
def runs(home: Path) -> list[RunFolder]:
    return [trained("head_only"), trained("last_stages")]


def test_two_runs_compared_down_to_the_single_image(home: Path, runs: list[RunFolder], tmp_path: Path) -> None:
    before, after = (read_answers(run, summarise(run).best_epoch) for run in runs)
    assert before is not None
    assert after is not None
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/compare")
        for run in runs:
            expect(page.get_by_text(f"{summarise(run).best_val_accuracy:.1%}").first).to_be_visible()
        expect(page.locator(".js-plotly-plot")).to_have_count(1)
        page.get_by_role("radio", name="Errors").click()
        visit.settle()
        words = f"A is right in {before.right.sum()} and B in {after.right.sum()}"
        expect(page.get_by_text(words)).to_be_visible()
        assert "compared=Errors" in visit.address
        expect(page.get_by_role("radio", name=f"Fixed by B ({(~before.right & after.right).sum()})")).to_be_visible()
        expect(page.get_by_role("radio", name=f"Broken by B ({(before.right & ~after.right).sum()})")).to_be_visible()
        page.get_by_role("radio", name=f"Both wrong ({(~before.right & ~after.right).sum()})").click()
        visit.settle()
        visit.keep("compare")
        assert_accessible(visit, "Compare")
        page.get_by_role("radio", name="Confusion").click()
        expect(page.get_by_text(f"{after.right.sum()} of {len(after.labels)} right").first).to_be_visible()
        for name in ("Settings that differ", "Curves", "Calibration", "What moved", "Cost"):
            page.get_by_role("radio", name=name).click()
            visit.settle()
        with page.expect_download() as download:
            page.get_by_role("button", name="Report").click()
        report(visit, Path(download.value.path()), tmp_path)
        assert not visit.outside
        assert not visit.errors


def report(visit: Visit, downloaded: Path, tmp_path: Path) -> None:
    """A report opened from the disk draws its charts and asks nobody."""
    path = tmp_path / "report.html"
    path.write_bytes(downloaded.read_bytes())
    visit.outside.clear()
    visit.page.goto(path.as_uri())
    visit.page.wait_for_selector(".js-plotly-plot .main-svg")
    assert "2 runs compared" in visit.page.title()
    visit.page.wait_for_load_state("load")
    one, other = (visit.page.locator(".pair .js-plotly-plot").nth(at).bounding_box() for at in (0, 1))
    drawn = visit.page.locator(".pair .js-plotly-plot").first.locator(".main-svg").first.bounding_box()
    assert one
    assert other
    assert drawn
    assert drawn["x"] + drawn["width"] <= other["x"], "charts lie beside one another, not on one another"
    assert [url for url in visit.outside if not url.startswith("file:")] == []
    visit.outside.clear()


def test_name_try_delete_and_undo(home: Path) -> None:
    run = trained("head_only")
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/runs")
        expect(page.get_by_text("One run, ")).to_be_visible()
        page.get_by_label("Name", exact=True).fill("the first")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("the first").first).to_be_visible()
        visit.settle()
        assert json.loads((run.path / "notes.json").read_text())["name"] == "the first"
        visit.keep("runs")
        assert_accessible(visit, "Runs", "dark")

        page.get_by_role("radio", name="Try it").click()
        visit.settle()
        broccoli = ASSETS / "datasets" / "photos" / "vegetable" / "broccoli.jpg"
        page.locator("input[type=file]").first.set_input_files([broccoli, ASSETS / "SOURCES.md"])
        expect(page.get_by_text("One picture classified")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("One file or folder is odd")).to_be_visible()
        expect(page.get_by_alt_text("broccoli.jpg")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_test_id("stDownloadButton").get_by_role("button").click()
        lines = Path(download.value.path()).read_text().splitlines()
        assert lines[1].startswith("broccoli.jpg,")
        assert len(lines) == 2

        page.get_by_role("radio", name="Notes and actions").click()
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("is in the trash")).to_be_visible()
        assert [held.name for held in list_trash()] == [run.name]
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("the first").first).to_be_visible()
        assert list_runs("finetune") == [run]

        page.get_by_role("button", name="Clone").click()
        expect(page.get_by_role("heading", name="Fine-tune: how do I train it?")).to_be_visible(timeout=30_000)
        visit.settle()
        expect(page.get_by_role("radio", name="Head only")).to_be_checked()
        assert not visit.errors
        assert not visit.outside
