"""The atlas on the page: every stage by a few channels, as one picture to take home."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.data.images import ImageSet
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Stage
from tlviz.ui import cached, cached_channels
from tlviz.ui.cached_channels import ATLAS_COLUMNS
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.explore.channels import TopImages
    from tlviz.figures.atlas import AtlasRow


class Choice(StrEnum):
    """Which channels stand for a stage."""

    SELECTIVE = "most class-selective"
    STRONGEST = "strongest"


def render_atlas(model: str, stages: Sequence[Stage], images: ImageSet, version: str) -> None:
    """Show the atlas of a network on a target, with its download."""
    choice, button = st.columns([3, 1], vertical_alignment="bottom")
    chosen = choice.segmented_control(
        "Channels of each stage", list(Choice), default=Choice.SELECTIVE, key=Key.ATLAS, required=True,
        format_func=str, persist_state="session",
    )  # fmt: skip
    tops = cached_channels.top_of_all(model, [stage.name for stage in stages], version, images)
    with st.spinner("Measuring how much of the picture each stage looks at …"):
        rows = [_row(model, stage, tops[stage.name], Choice(chosen), images, stages) for stage in stages]
    png = _compose(model, images, Choice(chosen), rows)
    button.download_button(
        "Download PNG", png, f"atlas-{model}-{images.title}.png", "image/png",
        icon=":material/download:", on_click="ignore", width="stretch",
    )  # fmt: skip
    st.image(png, width="stretch", output_format="PNG", alt=f"The atlas of {find_model(model).title}")
    st.caption(
        "A row is a stage, a tile one channel: the crop of the target that excites it most, and below it what was "
        "drawn to excite it, where you have had it drawn. From edges and colours (top) to objects (bottom)."
    )


def _row(
    model: str, stage: Stage, top: TopImages, choice: Choice, images: ImageSet, stages: Sequence[Stage]
) -> AtlasRow:
    from tlviz.explore.visualise import DrawWish
    from tlviz.figures.atlas import AtlasCell, AtlasRow

    pick = top.most_selective if choice is Choice.SELECTIVE else top.strongest
    side = cached_channels.crop_side(model, None, stage.name)
    classes = cached.network(model).classes
    cells = []
    for channel in pick(ATLAS_COLUMNS):
        picture = np.asarray(images.pixels[int(top.images[channel, 0])])
        box = cached_channels.boxes(top, channel, side, len(picture))[0]
        crop = picture[box.top : box.top + box.side, box.left : box.left + box.side]
        drawn = cached_channels.drawing(model, None, DrawWish(stage.name, channel))
        is_class = stage is stages[-1] and len(classes) == stage.channels
        words = f"{channel} {classes[channel]}" if is_class else str(channel)
        cells.append(AtlasCell(words, crop, drawn.picture if drawn and drawn.responds else None))
    return AtlasRow(stage.name, f"{stage.channels:,} channels", cells)


def _compose(model: str, images: ImageSet, choice: Choice, rows: Sequence[AtlasRow]) -> bytes:
    from tlviz.figures.atlas import compose_atlas
    from tlviz.figures.sprites import to_png

    title = f"{find_model(model).title} looks at {images.title}"
    subtitle = (
        f"The {choice.value} channels of each stage, each by what excites it most in {len(images.labels):,} images"
    )
    return to_png(compose_atlas(title, subtitle, rows))
