"""A click on one image of the Compare page, in a real browser: where each run looked, and on to Attributions."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.app.browser import serving, visiting
from tests.app.test_run_maps import answered


def test_a_click_on_an_image_shows_both_runs_maps_and_leads_to_attributions(home: Path) -> None:
    (one, name), (two, _) = answered("full", 1), answered("head_only", 1, moved="fire9")
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go(f"/compare?runs={one.name},{two.name}&compared=Errors")
        visit.settle()
        page.get_by_role("radio", name="Both wrong (2)").click()
        visit.settle()
        expect(page.get_by_text("Grad-CAM for the answer given")).to_have_count(0)
        page.get_by_test_id("stDataFrame").click(position={"x": 17, "y": 62})
        expect(page.get_by_text("Grad-CAM for the answer given")).to_be_visible()
        expect(page.locator(".tiles img")).to_have_count(3)
        drawn = [image.get_attribute("src") for image in page.locator(".tiles img").all()]
        assert len(set(drawn)) == 3, "the second run's last stage was changed, so its map is another"
        page.get_by_role("button", name="Open in Attributions").click()
        expect(page.get_by_role("heading", name="Attributions: why this answer?")).to_be_visible()
        visit.settle()
        assert name.rpartition("/")[2] in visit.address
        assert one.name in visit.address
        assert two.name in visit.address
