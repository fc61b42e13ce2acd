"""The Measure page in a real browser: from one click to the curve, its strip, its map and its numbers.

That a link opens every view, and that the advice prepares the Fine-tune page, ``test_measure_page.py`` tests.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import serving, visiting


def test_from_measure_to_the_curve(home: Path, measurable: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go(f"/measure?target=folder&folder={measurable}&beside=nothing")
        page.get_by_role("button", name="Measure", exact=True).click()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=20_000)
        chart = page.locator('[class*="st-key-probe_curve"] .js-plotly-plot')
        expect(chart).to_be_visible(timeout=90_000)
        expect(page.get_by_text("Advice:", exact=True)).to_be_visible()
        visit.settle()
        drawn = chart.evaluate("plot => plot.data.map(trace => [trace.name, trace.x.length])")
        assert [measurable.name, 9] in drawn
        assert ["random weights", 9] in drawn
        assert ["stages", 10] in drawn
        expect(chart.get_by_text(f"SqueezeNet 1.1 on {measurable.name}: best at")).to_be_visible()
        visit.keep("measure")
        assert_accessible(visit, "Measure", "dark")

        page.get_by_role("radio", name="Map", exact=True).click()
        cloud = page.locator(".map")
        expect(cloud).to_be_visible(timeout=20_000)
        visit.settle()
        points = "map => [...map.querySelectorAll('.mark')].map(mark => mark.style.transform)"
        before = cloud.evaluate(points)
        assert len(before) == 35
        page.get_by_role("slider").first.press("ArrowLeft")
        visit.settle()
        after = before
        for _ in range(100):  # its points move there
            after = cloud.evaluate(points)
            if after != before:
                break
            page.wait_for_timeout(100)
        assert after != before
        assert len(after) == len(before)
        assert "stage=fire8" in visit.address

        page.get_by_role("radio", name="Numbers", exact=True).click()
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download CSV").click()
        lines = Path(caught.value.path()).read_text(encoding="utf-8").splitlines()
        assert len(lines) == 10
        assert lines[1].startswith("stem,")

        assert "measure=Numbers" in visit.address
        assert not visit.errors
        assert not visit.outside
