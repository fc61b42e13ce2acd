"""The Models page in a real browser: choose by click, compare, and a download that cannot reach its server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import serving, visiting


def test_choose_compare_and_an_offline_download(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing listens there: as without a network
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/models?models=resnet50")
        expect(page.get_by_role("heading", name="ResNet50")).to_be_visible()
        expect(page.locator("[data-stage=layer3]")).to_be_visible()

        table = page.locator('[data-testid="stDataFrame"]').bounding_box()
        assert table
        page.mouse.click(table["x"] + 20, table["y"] + 35 * 3 + 17)  # behind the chosen: the second that ships
        expect(page.get_by_role("heading", name="EfficientNet-Lite0")).to_be_visible()
        expect(page.locator("[data-stage=conv_head]")).to_be_visible()
        visit.settle()
        assert "models=resnet50%2Ctf_efficientnet_lite0" in visit.address
        page.set_viewport_size({"width": 1280, "height": 1150})
        visit.keep("models")
        assert_accessible(visit, "Models")

        page.get_by_role("button", name="Use as the source").click()
        expect(page.get_by_role("combobox", name="Source")).to_have_value("EfficientNet-Lite0")

        page.get_by_role("button", name="Download (103 MB)").click()
        expect(page.get_by_text("The network cannot be reached, so resnet50")).to_be_visible(timeout=20_000)
        assert not visit.errors
        assert not visit.outside
