"""The one visual language: colours of stages and runs, and the Plotly template."""

from __future__ import annotations

import plotly.graph_objects as go
import plotly.io as pio
from plotly.colors import sample_colorscale

# Cool (early, general) to warm (late, specific).  Blue to orange stays ordered for colour-blind eyes, and every step
# keeps a contrast of 3:1 against both a white and a near-black page.
_STAGE_RAMP = ["#2f6db3", "#7a5fc0", "#b0509a", "#d4534f", "#c9781f"]
HEAD_COLOUR = "#7d8590"

# Okabe and Ito (2008), without black and yellow, which vanish on a dark and on a white page.
_RUN_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

_TEMPLATE = "tlviz"


def stage_colours(count: int) -> list[str]:
    """Return one colour (#rrggbb) a stage, from cool to warm, the head's a neutral grey."""
    backbone = count - 1
    if backbone < 1:
        return [HEAD_COLOUR] * count
    levels = [at / max(1, backbone - 1) for at in range(backbone)]
    ramp = sample_colorscale(_STAGE_RAMP, levels, colortype="tuple")
    return [*("#" + "".join(f"{round(channel * 255):02x}" for channel in colour) for colour in ramp), HEAD_COLOUR]


def run_colour(index: int) -> str:
    """Return the colour (#rrggbb) of the n-th run or curve; after six they repeat."""
    return _RUN_COLOURS[index % len(_RUN_COLOURS)]


def use_template(figure: go.Figure) -> go.Figure:
    """Give a figure the look of the program and return it."""
    if _TEMPLATE not in pio.templates:
        pio.templates[_TEMPLATE] = _template()
    figure.update_layout(template=_TEMPLATE)
    return figure


def _template() -> go.layout.Template:
    """Transparent, so that the page's own light or dark background shows; greys that read on both."""
    axis = {"gridcolor": "rgba(128,128,128,0.22)", "zeroline": False, "linecolor": "rgba(128,128,128,0.5)"}
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 50, "r": 16, "t": 48, "b": 44},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"namelength": -1},
        }
    )
