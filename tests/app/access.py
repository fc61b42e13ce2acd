"""What the tests of access measure on an open page: axe-core's rules, and the contrast of text that axe cannot judge.

``assets/axe.min.js`` is axe-core 4.14.1 as its makers publish it (npm, MPL-2.0; its licence note is its first lines).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.app.browser import Visit

Theme = Literal["light", "dark"]
AXE = Path(__file__).parent / "assets" / "axe.min.js"
GRAVE = ("serious", "critical")
LEAST_CONTRAST = 4.5
TOLERATED = 0.05
"""A screenshot holds whole numbers, so a measured contrast is a little off the computed one."""

COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""The rules whose outcome another theme can change."""

# Nothing is loaded for axe: what it would look at in stylesheets (whether text is fixed to an orientation) is no rule
# that these pages could break.
RULES = """only => axe.run(document, {
  resultTypes: ["violations", "incomplete"], preload: false, iframes: false,
  ...(only && {runOnly: {type: "rule", values: only}}),
}).then(({violations, incomplete}) => {
  const flat = rules => rules.flatMap(({id, impact, nodes}) =>
    nodes.map(({target, html, failureSummary}) => ({id, impact, target: target.flat(), html, why: failureSummary})));
  return {violations: flat(violations), unclear: flat(incomplete).filter(({id}) => id === "color-contrast")};
})"""

# Text in a drawing, and what axe left open: colour, opacity and place of each.  Text that another element covers, or
# that is not drawn, is not asked about.
TEXTS = """unclear => {
  const find = path => path.reduce((root, selector) =>
    (root?.shadowRoot ?? root)?.querySelector(selector), document);
  const opacity = node => {
    let product = 1;
    for (; node?.style; node = node.parentElement) product *= getComputedStyle(node).opacity;
    return product;
  };
  const drawn = [...document.querySelectorAll("svg text")].map(node => [node, getComputedStyle(node).fill]);
  const open = unclear.map(find).filter(node => node?.textContent.trim() && !(node instanceof SVGElement))
    .map(node => [node, getComputedStyle(node).color]);
  return [...drawn, ...open].map(([node, colour]) => {
    const {x, y, width, height} = node.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    const letters = range.getBoundingClientRect();
    return {
      words: node.textContent.trim(), colour, opacity: opacity(node), html: node.outerHTML.slice(0, 200),
      x: Math.max(x, letters.x), y: Math.max(y, letters.y),
      width: Math.min(width, letters.width), height: Math.min(height, letters.height),
      isVisible: node.checkVisibility({opacityProperty: true, visibilityProperty: true}),
    };
  }).filter(({words, isVisible, width, height}) => words && isVisible && width > 1 && height > 1);
}"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule."""

    rule: str
    page: str
    theme: str
    selector: str
    html: str

    def __str__(self) -> str:
        return f"{self.rule} on {self.page} ({self.theme}): {self.selector}\n    {self.html}"


TALL = {"width": 1280, "height": 2000}
"""So that nothing is scrolled out of sight."""


def assert_accessible(visit: Visit, name: str, theme: Theme = "light") -> None:
    """Check an open page, at rest, in one theme: axe-core's rules, contrast in drawings, and the order of headings."""
    before = visit.page.viewport_size
    visit.page.set_viewport_size(TALL)
    visit.page.emulate_media(color_scheme=theme)
    visit.settle()
    check_headings(visit.page, name)
    faults = find_faults(visit.page, name, theme)
    visit.page.emulate_media(color_scheme="light")
    if before:
        visit.page.set_viewport_size(before)
    assert not faults, "\n" + "\n".join(map(str, faults))


def check_headings(page: Page, name: str) -> None:
    """Check that a page has one h1, its first heading, and that no heading skips a level."""
    levels = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[:1] == [1], f"{name} begins with its one h1: {levels}"
    assert levels.count(1) == 1, f"{name} has one h1: {levels}"
    assert all(after - before <= 1 for before, after in pairwise(levels)), f"{name} skips a level: {levels}"


def find_faults(page: Page, name: str, theme: str, *, only_colours: bool = False) -> list[Finding]:
    """Return what axe-core calls serious or critical, and text of too little contrast in drawings.

    ``only_colours`` is for a page that was judged by every rule in another theme.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    result: dict[str, list[dict[str, Any]]] = page.evaluate(RULES, COLOUR_RULES if only_colours else None)
    grave = [
        Finding(found["id"], name, theme, " > ".join(found["target"]), f"{found['html'][:200]}\n    {found['why']}")
        for found in result["violations"]
        if found["impact"] in GRAVE
    ]
    return [*grave, *_pale_texts(page, [found["target"] for found in result["unclear"]], name, theme)]


def _pale_texts(page: Page, unclear: list[list[str]], name: str, theme: str) -> Iterator[Finding]:
    """Yield texts whose contrast against what lies behind them on the screen is too small."""
    texts = page.evaluate(TEXTS, unclear)
    if not texts:
        return
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    for text in texts:
        left, top = max(0, round(text["x"])), max(0, round(text["y"]))
        behind = screen[top : top + round(text["height"]), left : left + round(text["width"])]
        if behind.size == 0:
            continue
        ground = _commonest(behind)
        ink, alpha = _parse(text["colour"])
        alpha *= text["opacity"]
        seen = contrast(alpha * ink + (1 - alpha) * ground, ground)
        if seen < LEAST_CONTRAST - TOLERATED:
            yield Finding(f"contrast {seen:.2f}", name, theme, f"'{text['words'][:60]}'", text["html"])


def contrast(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return the contrast ratio (1 to 21) of two colours (3,) in 0 to 255, as WCAG 2.2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: np.ndarray[Any, Any]) -> float:
    share = np.asarray(colour, dtype=float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _commonest(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the most frequent colour (3,) of pixels (h, w, 3): behind thin letters, that is the ground."""
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    most: np.ndarray[Any, Any] = colours[counts.argmax()].astype(float)
    return most


def _parse(colour: str) -> tuple[np.ndarray[Any, Any], float]:
    """Read a computed colour: red, green and blue in 0 to 255, and its alpha."""
    numbers = [float(part) for part in colour[colour.index("(") + 1 : -1].replace(",", " ").replace("/", " ").split()
               if part[0].isdigit()]  # fmt: skip
    scale = 255 if colour.startswith("color(") else 1
    return np.array(numbers[:3]) * scale, numbers[3] if len(numbers) > 3 else 1.0
