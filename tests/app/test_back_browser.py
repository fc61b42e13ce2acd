"""Back and forward in a real browser go from page to page, whatever was chosen on one."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.app.browser import Visit, serving, visiting


def go(visit: Visit, way: str, heading: str) -> None:
    """Press a button of the browser and wait for the page that it leads to."""
    getattr(visit.page, f"go_{way}")()
    expect(visit.page.locator("h1")).to_contain_text(heading)
    visit.settle()


def test_back_leaves_a_page_at_once_and_finds_the_one_before_as_it_was(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/models?target=digits")
        entries = page.evaluate("history.length")
        for name in ("Clip art", "Digits", "Clip art"):
            visit.choose("Target", name)
        assert "target=clipart" in visit.address
        assert page.evaluate("history.length") == entries, "a choice within a page is no place to go back to"

        visit.menu("Runs")
        visit.choose("Target", "Digits")
        visit.menu("Compare")
        assert page.evaluate("history.length") == entries + 2
        go(visit, "back", "Runs")
        go(visit, "back", "Models")
        assert page.evaluate("history.length") == entries + 2
        go(visit, "forward", "Runs")
        go(visit, "back", "Models")
        page.go_back()
        page.wait_for_url("about:blank")
        assert not visit.errors


def test_an_entry_keeps_the_address_of_the_page_that_was_left(home: Path) -> None:
    """Streamlit may write the parameters of the next page before its name, and pass through an address of its own."""
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/models?target=digits")
        page.locator("h1").click()
        before = page.evaluate("[location.href, history.length]")
        page.evaluate(
            "history.pushState({}, '', '?target=another'); history.pushState({}, '', '/?enter=pages/runs.py')"
        )
        assert page.evaluate("history.length") == before[1]
        page.evaluate("history.pushState({}, '', '/models?x=1'); history.pushState({}, '', '/models?x=2')")
        assert page.evaluate("history.length") == before[1]

        page.evaluate(f"history.replaceState({{}}, '', '{before[0]}')")
        page.locator("h1").click()
        page.evaluate("history.pushState({}, '', '?target=another'); history.pushState({}, '', '/runs?target=another')")
        assert page.evaluate("history.length") == before[1] + 1
        page.go_back()
        page.wait_for_url(before[0])
