"""The Channels page in a real browser: choose a channel, have it drawn, cancel a drawing, download pictures."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import serving, visiting
from tlviz.home import cache_folder


def test_a_channel_is_looked_at_drawn_and_taken_home(home: Path, drawings: Path, tmp_path: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go(f"/channels?target=folder&folder={drawings}")
        expect(page.get_by_text("responds most to")).to_be_visible(timeout=60_000)
        assert "stage=fire9" in visit.address
        page.locator("[data-stage=stem]").click()
        expect(page.get_by_text("Its filter")).to_be_visible(timeout=60_000)
        visit.settle()
        assert "stage=stem" in visit.address
        page.get_by_role("button", name="Optimise a picture").click()
        drawn = page.locator("img[alt^='Optimised to excite channel']")
        expect(drawn).to_be_visible(timeout=90_000)
        visit.keep("channels")
        assert_accessible(visit, "Channels", "dark")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Crops PNG").click()
        waiting.value.save_as(tmp_path / "crops.png")
        assert Image.open(tmp_path / "crops.png").width > 300

        page.locator("[data-stage=fire9]").click()
        expect(page.get_by_text("of fire9 responds most to")).to_be_visible(timeout=30_000)
        visit.settle()
        page.get_by_role("button", name="Optimise a picture").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("The optimisation was cancelled; nothing was kept.")).to_be_visible(timeout=30_000)
        assert len(list(cache_folder("drawings").iterdir())) == 1

        page.get_by_role("radio", name="Atlas").click()
        atlas = page.locator("img[alt^='The atlas of SqueezeNet']")
        expect(atlas).to_be_visible(timeout=90_000)
        visit.settle()
        visit.keep("atlas")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download PNG").click()
        waiting.value.save_as(tmp_path / "atlas.png")
        assert Image.open(tmp_path / "atlas.png").width > 1000
        assert not visit.errors
        assert not visit.outside
