"""A race in a real browser: from the click to the leaderboard, with zoom, pause and reload on the way."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import Visit, serving, visiting
from tlviz.runs.races.race import read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE, RACE

RANGE = "() => document.querySelector('.js-plotly-plot')?.layout?.yaxis?.range"


MOST_POINTS = 8
"""Two strategies with a point for each of epochs 0 to 3; their seeds share a line."""


def drawn(visit: Visit) -> int:
    """Return how many points the curves of the chart have."""
    return int(
        visit.page.evaluate(
            "() => (document.querySelector('.js-plotly-plot')?.data ?? [])"
            ".filter(t => t.mode === 'lines+markers').reduce((n, t) => n + t.x.length, 0)"
        )
    )


def wait_drawn(visit: Visit, count: int) -> None:
    for _ in range(600):
        if drawn(visit) >= count:
            return
        visit.page.wait_for_timeout(100)
    raise AssertionError(f"the chart has {drawn(visit)} points, not {count}")


def zoom(visit: Visit) -> list[float]:
    """Drag a box over the chart and return the range it leaves on the vertical axis."""
    box = visit.page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + 60, box["y"] + 40)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 160, box["y"] + 120, steps=4)
    visit.page.mouse.move(box["x"] + 260, box["y"] + 190, steps=4)
    visit.page.mouse.up()
    visit.page.wait_for_timeout(400)
    found: list[float] = visit.page.evaluate(RANGE)
    assert found[0] > 0.1
    return found


def fill(visit: Visit, label: str, value: str) -> None:
    box = visit.page.get_by_role("spinbutton", name=label)
    box.fill(value)
    box.press("Enter")
    visit.settle()


def test_from_the_click_to_the_leaderboard(home: Path, tmp_path: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/race?target=photos")
        expect(page.get_by_text("21 runs, one after another")).to_be_visible()
        for name in ("Last stages", "Gradual", "Discriminative", "From scratch", "Two phases"):
            page.get_by_role("button", name=name, exact=True).click()
            visit.settle()
        fill(visit, "Seeds", "2")
        fill(visit, "Epochs", "3")
        visit.choose("Image size", "96")
        expect(page.get_by_text("4 runs, one after another")).to_be_visible()
        page.get_by_role("button", name="Start the race").click()
        wait_drawn(visit, 3)
        (run,) = list_runs(RACE)
        assert f"race={run.name}" in visit.address

        zoomed = zoom(visit)
        before = drawn(visit)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("of 4 runs · paused")).to_be_visible(timeout=15_000)
        visit.keep("race_paused")
        page.get_by_role("button", name="Continue").click()
        wait_drawn(visit, min(before + 2, MOST_POINTS))
        assert page.evaluate(RANGE) == zoomed, "points arrive, the zoom stays"
        page.reload()
        visit.settle()
        expect(page.get_by_text("finished after")).to_be_visible(timeout=120_000)
        expect(page.get_by_text("4 of 4 runs")).to_be_visible()
        visit.keep("race")
        assert_accessible(visit, "Race", "dark")
        race = read_race(run)
        assert race.status is Status.FINISHED, race.trouble
        assert drawn(visit) == 2 * 4
        winner = standings(race)[0]
        assert winner.accuracy is not None
        expect(page.get_by_text(f"{winner.accuracy:.1%} ± ").first).to_be_visible()
        expect(page.locator("table").get_by_text("Full")).to_be_visible()

        page.get_by_role("button", name="More").click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="CSV of these points").click()
        table = tmp_path / "race.csv"
        waiting.value.save_as(table)
        assert len(table.read_text(encoding="utf-8").splitlines()) == 1 + drawn(visit)
        assert len(list_runs(FINETUNE)) == 4
        assert not visit.errors
        assert not visit.outside
