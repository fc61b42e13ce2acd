"""Feature maps and attributions in a real browser: hover, click through to a position, edit, two tabs, cancel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.app.access import assert_accessible
from tests.app.browser import Visit, serving, visiting
from tests.app.finished import finished_run


def middle(pane: Locator, x: float, y: float) -> tuple[float, float]:
    """Return the page's coordinates of a place in a pane, given as shares of its sides."""
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_from_a_tile_to_a_channel_to_what_a_position_sees(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/feature_maps?stage=fire5")
        tiles = page.locator(".tiles .sprite").first
        page.mouse.move(*middle(tiles, 0.05, 0.1))
        expect(page.locator(".tiles .tip")).to_contain_text("fire5, channel 158: mean absolute activation")
        page.mouse.click(*middle(tiles, 0.15, 0.1))
        visit.settle()
        expect(page.get_by_role("radio", name="One channel")).to_be_checked()
        assert "channel=80" not in visit.address
        large = page.locator(".tiles .sprite").first
        page.mouse.move(*middle(large, 0.5, 0.5))
        expect(page.locator(".tiles .tip")).to_contain_text("x 6, y 6:")
        page.mouse.click(*middle(large, 0.99, 0.99))
        visit.settle()
        expect(page.get_by_role("radio", name="Receptive field")).to_be_checked()
        expect(page.get_by_role("spinbutton", name="x")).to_have_value("12")
        expect(page.get_by_text("of 224 x 224 pixels")).to_be_visible()
        visit.keep_both("receptive_field")
        assert_accessible(visit, "Feature maps")
        assert not visit.errors
        assert not visit.outside


def test_an_edit_is_live_and_everything_downloads(home: Path, tmp_path: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/feature_maps?look=What if&stage=stem")
        expect(page.get_by_text("Difference: no difference at all")).to_be_visible()
        page.get_by_role("slider", name="Blur, pixels").press("ArrowRight")
        expect(page.get_by_text("Difference: up to")).to_be_visible()
        assert "blur=1" in visit.address
        page.get_by_role("button", name="Download").click()
        for name, ending in (("Picture (PNG)", "png"), ("Maps (NPZ)", "npz"), ("Channels (CSV)", "csv")):
            with page.expect_download() as waiting:
                page.get_by_role("button", name=name).click()
            saved = tmp_path / f"download.{ending}"
            waiting.value.save_as(saved)
            assert saved.stat().st_size > 1000
        assert Image.open(tmp_path / "download.png").width > 1000
        with np.load(tmp_path / "download.npz") as loaded:
            assert loaded["Original/stem"].shape == (64, 55, 55)
        assert not visit.errors


def test_runs_stand_beside_one_another(home: Path) -> None:
    runs = [finished_run("head_only"), finished_run("full", moved="fire5")]
    names = ",".join(run.name for run in runs)
    with serving(home) as server, visiting(server) as visit:
        visit.go(f"/feature_maps?look=Before and after&stage=fire9&show=difference&runs={names}")
        expect(visit.page.get_by_text("Head only: no difference at all")).to_be_visible(timeout=15_000)
        expect(visit.page.locator(".tiles .heading")).to_have_text(["Pretrained", "Head only", "Full"])
        visit.keep("before_and_after")
        assert not visit.errors


def legend(visit: Visit, words: str) -> None:
    expect(visit.page.get_by_text(words)).to_be_visible(timeout=60_000)


def test_two_tabs_with_different_methods_and_a_stage_by_click(home: Path) -> None:
    """That each gets the right map, ``test_attributions_page.py`` tests with many at once."""
    with serving(home) as server, visiting(server) as visit:
        second = visit.another_tab()
        visit.page.goto(f"{server.url}/attributions?method=guided_backprop&where=fire5")
        second.page.goto(f"{server.url}/attributions?method=saliency&where=fire5")
        legend(visit, "Guided Backprop · at fire5 · for zebra")
        legend(second, "Saliency · at fire5 · for zebra")
        shown = [tab.page.locator("img[alt^='attribution']").nth(1).get_attribute("src") for tab in (visit, second)]
        assert shown[0] != shown[1]

        visit.choose("Method", "Grad-CAM")
        legend(visit, "Grad-CAM · at fire9 · for zebra")
        visit.keep("attributions")
        visit.page.locator("img[alt^='Grad-CAM']").nth(3).click()
        legend(visit, "Grad-CAM · at fire4")
        assert "stage=fire4" in visit.address
        assert_accessible(visit, "Attributions", "dark")
        for tab in (visit, second):
            assert not tab.errors
            assert not tab.outside


def test_a_slow_method_can_be_cancelled_and_begun_again(home: Path) -> None:
    """That one begun again ends with its map, ``test_attributions_page.py`` tests."""
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        page.goto(f"{server.url}/attributions?source=tf_efficientnet_lite0&method=occlusion")
        page.get_by_role("button", name="Cancel").click(timeout=30_000)
        expect(page.get_by_text("Occlusion was cancelled.")).to_be_visible(timeout=10_000)
        page.get_by_role("button", name="Compute it").first.click()
        page.get_by_role("button", name="Cancel").click(timeout=30_000)
        expect(page.get_by_text("Occlusion was cancelled.")).to_be_visible(timeout=10_000)
        assert not visit.errors


def test_what_is_chosen_stays_chosen_from_page_to_page(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        chosen = ("stage=fire5", "picture=mammal%2Ftiger.jpg")
        visit.go("/feature_maps?stage=fire5&picture=mammal/tiger.jpg")
        for name in ("Attributions", "Feature maps"):
            visit.menu(name)
            assert all(part in visit.address for part in chosen), visit.address
        visit.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files("assets/pictures/icon.png")
        expect(visit.page.get_by_role("combobox", name="Picture").first).to_be_disabled()
        visit.menu("Attributions")
        expect(visit.page.get_by_role("combobox", name="Picture").first).to_be_enabled()
        expect(visit.page.get_by_text("tiger").first).to_be_visible()
        visit.choose("Where", "fire7")
        visit.menu("Feature maps")
        assert "stage=fire7" in visit.address
        assert chosen[1] in visit.address
        assert not visit.errors
