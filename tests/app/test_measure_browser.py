"""The Measure page in a real browser: from one click to the curve, its strip, its map and its numbers."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import expect

from tests.app.browser import serving, visiting


def test_from_measure_to_the_curve(home: Path, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("TLVIZ_PICTURES", tmp_path))
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/measure?target=clipart&images=70&beside=nothing")
        page.get_by_role("button", name="Measure", exact=True).click()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=20_000)
        chart = page.locator('[class*="st-key-probe_curve"] .js-plotly-plot')
        expect(chart).to_be_visible(timeout=90_000)
        expect(page.get_by_text("Advice:", exact=True)).to_be_visible()
        visit.settle()
        drawn = chart.evaluate("plot => plot.data.map(trace => [trace.name, trace.x.length])")
        assert ["Clip art (shifted)", 9] in drawn
        assert ["random weights", 9] in drawn
        assert ["stages", 10] in drawn
        expect(chart.get_by_text("SqueezeNet 1.1 on Clip art: best at")).to_be_visible()
        page.screenshot(path=pictures / "measure.png")

        page.get_by_role("radio", name="Map", exact=True).click()
        cloud = page.locator('[class*="st-key-stage_map"] .js-plotly-plot')
        expect(cloud).to_be_visible(timeout=20_000)
        visit.settle()
        points = "plot => plot.data.flatMap(trace => trace.x)"
        before = cloud.evaluate(points)
        assert 35 <= len(before) <= 70
        page.get_by_role("slider").first.press("ArrowLeft")
        visit.settle()
        page.wait_for_timeout(1000)
        after = cloud.evaluate(points)
        assert len(after) == len(before)
        assert after != before
        assert "stage=fire8" in visit.address

        page.get_by_role("radio", name="Numbers", exact=True).click()
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download CSV").click()
        lines = Path(caught.value.path()).read_text(encoding="utf-8").splitlines()
        assert len(lines) == 10
        assert lines[1].startswith("stem,")

        page.reload()
        visit.settle()
        expect(chart).to_be_visible(timeout=20_000)
        assert "measure=Numbers" in visit.address

        page.get_by_role("button", name="More").nth(1).click()
        page.get_by_role("button", name="Only prepare the advised one").click()
        expect(page.get_by_role("heading", name="Fine-tune: how do I train it?")).to_be_visible(timeout=20_000)
        visit.settle()
        assert "target=clipart" in visit.address, "the way to another page keeps the target"
        assert not visit.errors
        assert not visit.outside
