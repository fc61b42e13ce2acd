"""The one visual language: colours of stages and runs, and the Plotly template."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
from plotly.colors import sample_colorscale

from tlviz.program import is_for_projector

Figure = go.Figure
"""What every function of this room that draws a chart returns; others name the type by this."""
TEMPLATE = "tlviz"
_LARGE, _LARGER = "large", 1.5
_LARGE_TYPE, _USUAL_TYPE = 18, 12
_USUAL_MARK, _USUAL_LINE = 6, 2
"""What plotly and this program draw with where a figure says nothing."""

# From blue to orange through OKLCH, hue, lightness and chroma chosen by a search that maximised the smallest step
# between neighbours as seen by normal, protan, deutan and tritan eyes.  Contrast of 3:1 against white and against a
# near-black page at once leaves little room in lightness (tests/unit/figures/test_theme.py computes both).
_STAGE_RAMP = ("#315bce", "#6a60c8", "#8963bb", "#9e66ae", "#b069a0", "#c06b92", "#cf6d81", "#de6e68", "#eb7041")
HEAD_COLOUR = "#7d8590"

# Okabe and Ito (2008), without black and yellow, which vanish on a dark and on a white page; the two that are
# palest on white come last.  Brown, violet and olive follow, so that each strategy has a colour of its own.
_RUN_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#9A6A3A", "#8F6BD9", "#7F7F00")

LINE_DASHES = ("solid", "dash", "dot", "dashdot")

# A grey of 4.3:1 against white and against near-black: a figure outside a page does not know which it lies on.
INK = "#7a7a7a"
PNG_ROOM = 30
"""Pixels above a plot in which the button that saves it does not cover anything."""
_ROOM, _WHOLE = 0.02, 1.02
"""Left free around the values on an axis of shares, and where such an axis ends so that a point at 100 % is whole."""
_CLEAR = "rgba(0,0,0,0)"
LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
"""A legend that grows away from the plot where it takes several lines."""


def stage_colours(count: int) -> list[str]:
    """Return one colour (#rrggbb) a stage, cool (early) to warm (late), the last one the head's neutral grey."""
    backbone = count - 1
    if backbone < 1:
        return [HEAD_COLOUR] * count
    levels = [at / max(1, backbone - 1) for at in range(backbone)]
    return [*map(_hex, sample_colorscale(list(_STAGE_RAMP), levels, colortype="tuple")), HEAD_COLOUR]


def run_colour(index: int) -> str:
    """Return the colour (#rrggbb) of the n-th run or curve; they repeat after nine."""
    return _RUN_COLOURS[index % len(_RUN_COLOURS)]


def run_line(place: int) -> tuple[str, str]:
    """Return colour and dash of the curve at a place of ``runs.places``: the same on every page, never colour alone."""
    return run_colour(place), LINE_DASHES[place % len(LINE_DASHES)]


def class_colours(count: int) -> list[str]:
    """Return one colour (#rrggbb) a class, evenly around the hues, every other one darker."""
    colours = []
    for at in range(count):
        red, green, blue = colorsys.hls_to_rgb(at / max(1, count), 0.58 if at % 2 else 0.44, 0.62)
        colours.append(f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")
    return colours


def readable_on(red: float, green: float, blue: float) -> str:
    """Return black or white, whichever has more contrast (WCAG 2.2) on a colour in 0 to 255: always at least 4.5:1."""
    shares = [channel / 255 for channel in (red, green, blue)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"


def register_template() -> str:
    """Register the Plotly template unless it is there already, and return its name."""
    if TEMPLATE not in pio.templates:
        pio.templates[TEMPLATE] = _template()
    return TEMPLATE


def use_template(figure: go.Figure) -> go.Figure:
    """Give a figure the look of the program and return it."""
    figure.update_layout(template=register_template())
    return enlarge(figure) if is_for_projector() else figure


def enlarge(figure: go.Figure) -> go.Figure:
    """Make a figure's type, marks and lines larger, once, for a room that sees it from afar, and return it."""
    if figure.layout.meta == _LARGE:
        return figure
    figure.update_layout(meta=_LARGE, font_size=_LARGE_TYPE)
    for trace in figure.data:
        for name, start in (("marker.size", _USUAL_MARK), ("line.width", _USUAL_LINE)):
            part, field = name.split(".")
            if part not in trace or not hasattr(trace[part], field):
                continue
            size = trace[part][field] if trace[part][field] is not None else start
            trace[part][field] = _larger(size)
    for note in figure.layout.annotations:
        note.font.size = (note.font.size or _USUAL_TYPE) * _LARGER
    return figure


def chart_config() -> dict[str, object]:
    """Return what ``st.plotly_chart(config=...)`` and ``write_html`` need so that no logo and no bar lie on a chart.

    Dragging still zooms, and a double click goes back.
    """
    return {"displaylogo": False, "displayModeBar": False}


def png_config(name: str) -> dict[str, object]:
    """Return ``chart_config`` with, while the pointer is on the chart, a button that saves a crisp PNG of this name.

    It lies in the margin of ``PNG_ROOM`` above the plot.
    """
    return chart_config() | {
        "displayModeBar": "hover",
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
        "modeBarButtonsToRemove": ["zoom", "pan", "select", "lasso", "zoomIn", "zoomOut", "autoScale", "resetScale"],
    }


def chart_text(text: str) -> str:
    """Return text that a chart shows as it is: its words know a few HTML tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def share_axis(*, is_log: bool = False) -> dict[str, object]:
    """Return the settings of an axis of accuracies: one point, or an error bar, does not stretch it beyond 100 %."""
    if is_log:
        return {"tickformat": ".0%", "maxallowed": log10(1.02)}
    return {"tickformat": ".0%", "minallowed": -0.02, "maxallowed": 1.02}


def close_range(values: Iterable[float], step: float = 0.1) -> list[float]:
    """Return the axis of shares that holds these values with a little room, in whole steps; without values all of it.

    It only widens as values are added, and rarely, so that the axis of what still grows is at rest.
    """
    held = list(values)
    if not held:
        return [0.0, _WHOLE]
    low, high = (floor((min(held) - _ROOM) / step) * step, ceil((max(held) + _ROOM) / step) * step)
    return [round(max(0.0, low), 6), round(high, 6) if high < 1 - 1e-9 else _WHOLE]


def keyed(text: str, colour: str, sign: str = "■") -> str:
    """Return a label of a chart with a sign in a curve's colour before it: words in that colour are often too pale."""
    return f'<span style="color:{colour}">{sign}</span> {text}'


def _larger(size: Any) -> Any:
    """Return a size, or one for each point, made larger."""
    return size * _LARGER if isinstance(size, int | float) else [one * _LARGER for one in size]


def browser_data(figure: go.Figure) -> dict[str, Any]:
    """Return a figure as the browser's chart library takes it: plain ``data`` and ``layout``."""
    if is_for_projector():
        enlarge(figure)
    data: dict[str, Any] = json.loads(figure.to_json())
    return data


def _template() -> go.layout.Template:
    """Transparent, so that the page's own light or dark background shows; greys that read on both."""
    axis = {
        "automargin": True,
        "gridcolor": "rgba(128,128,128,0.22)",
        "linecolor": "rgba(128,128,128,0.5)",
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": _CLEAR,
            "plot_bgcolor": _CLEAR,
            "colorway": list(_RUN_COLOURS),
            "font": {"color": INK},
            "margin": {"l": 50, "r": 16, "t": 48, "b": 44},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"bgcolor": _CLEAR},
            "hoverlabel": {"namelength": -1},
            "modebar": {"bgcolor": _CLEAR, "color": INK, "activecolor": INK},
        }
    )


def _hex(colour: tuple[float, float, float]) -> str:
    """Write a colour given as red, green and blue in 0 to 1."""
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colour)
