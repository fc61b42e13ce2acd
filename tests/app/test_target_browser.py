"""The Target page in a real browser: unpack an archive, let the doctor look, exclude with a tick, see the map."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import serving, visiting
from tlviz.data.sources.notes import excluded_names
from tlviz.data.sources.store import list_stored
from tlviz.home import ASSETS


def archive_with_a_copy(folder: Path) -> Path:
    """Return a ZIP of some bundled photographs in which one fruit is also among the tools, and one file is broken."""
    path = folder / "shapes.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("fruit", "tool"):
            pictures = sorted((ASSETS / "datasets" / "photos" / name).glob("*.jpg"))[:9]
            for picture in pictures:
                file.write(picture, f"shapes/{name}/{picture.name}")
        copied = sorted((ASSETS / "datasets" / "photos" / "fruit").glob("*.jpg"))[0]
        file.write(copied, "shapes/tool/copied.jpg")
        file.writestr("shapes/tool/broken.jpg", b"no picture at all")
    return path


def test_archive_doctor_exclusion_and_map(home: Path, tmp_path: Path) -> None:
    archive = archive_with_a_copy(tmp_path)
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/target")
        page.get_by_role("radio", name="Path or archive").click()
        page.get_by_label("Path on this machine").fill(str(archive))
        page.get_by_label("Path on this machine").press("Enter")
        visit.settle()
        page.get_by_role("button", name="Open it").click()
        expect(page.get_by_text("shapes.zip: 19 images in 2 classes")).to_be_visible(timeout=30_000)
        (stored,) = list_stored()

        page.get_by_role("radio", name="Findings").click()
        page.get_by_role("button", name="Check the images").click()
        expect(page.get_by_text("2 errors")).to_be_visible(timeout=60_000)
        visit.settle()
        page.locator('[data-testid="stDataFrame"]').last.scroll_into_view_if_needed()
        visit.settle()
        table = page.locator('[data-testid="stDataFrame"]').last.bounding_box()  # below that of what is left out
        assert table
        page.mouse.click(table["x"] + 40, table["y"] + 35 + 44 * 1.5)  # the second row: the copy with another label
        expect(page.get_by_text("1 excluded by you")).to_be_visible(timeout=20_000)
        assert len(excluded_names(str(stored))) == 1
        visit.keep("target")
        assert_accessible(visit, "Target")

        page.get_by_role("radio", name="Map").click()
        expect(page.locator(".map .mark")).to_have_count(18, timeout=30_000)
        visit.settle()
        expect(page.locator(".map .mark use")).to_have_count(18)
        top = page.locator(".map .mark").last  # no other picture covers it
        top.hover()
        expect(page.locator(".map .tip")).to_be_visible()
        top.click()
        expect(page.get_by_role("button", name="What does each stage see in it?")).to_be_visible()
        assert "view=Map" in visit.address
        assert_accessible(visit, "Target, map", "dark")
        assert not visit.errors
        assert not visit.outside
