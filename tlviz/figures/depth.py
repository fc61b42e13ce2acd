"""The axis of depth: where the stages of one or several networks lie, and the strip that is drawn below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

import plotly.graph_objects as go

from tlviz.figures.theme import stage_colours

HEAD = "head"


class DepthScale(StrEnum):
    """What the axis counts: the stages of one network, or the share of the way through networks that differ."""

    STAGES = "stages"
    DEPTH = "depth"
    COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Block:
    """A stage on the axis: from ``left`` to ``right``; its point is above the middle."""

    name: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        """The position of the stage's point."""
        return (self.left + self.right) / 2


def lay_out(stages: Sequence[str], costs: Sequence[float], scale: DepthScale) -> list[Block]:
    """Return where a network's backbone stages and the head lie on the axis: from 0 to their number, or from 0 to 1.

    ``costs`` are shares of the forward compute, the head's last; without them the compute is taken as evenly spread.
    """
    names = (*stages, HEAD)
    is_known = scale is DepthScale.COMPUTE and len(costs) == len(names) and sum(costs) > 0
    widths = list(costs) if is_known else [1.0] * len(names)
    whole, total = float(len(names)) if scale is DepthScale.STAGES else 1.0, sum(widths)
    ends = [0.0, *(end / total * whole for end in accumulate(widths))]
    return [Block(name, ends[at], ends[at + 1]) for at, name in enumerate(names)]


def add_strip(
    figure: go.Figure, blocks: Sequence[Block], row: int, freeze: int, heights: Sequence[float], facts: Sequence[str]
) -> None:
    """Draw a network's stages as blocks in a row of the figure, the first ``freeze`` of them hatched.

    ``heights`` (0 to 1) and ``facts`` are those of the blocks; where they do not fit, all are equally high and silent.
    """
    whole, colours = blocks[-1].right, stage_colours(len(blocks))
    figure.add_bar(
        x=[block.middle for block in blocks],
        y=list(heights) if len(heights) == len(blocks) else [1.0] * len(blocks),
        width=[max(block.right - block.left - 0.006 * whole, 0.002 * whole) for block in blocks],
        name="stages",
        marker={
            "color": colours,
            "line": {"width": 1.5, "color": colours},
            "pattern": {
                "shape": ["/" if at < freeze else "" for at in range(len(blocks))],
                "fillmode": "replace",
                "size": 6,
                "solidity": 0.35,
            },
        },
        customdata=list(facts) if len(facts) == len(blocks) else [""] * len(blocks),
        hovertext=[block.name for block in blocks],
        hovertemplate="%{hovertext}%{customdata}<extra></extra>",
        row=row,
        col=1,
    )
