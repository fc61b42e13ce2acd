"""The atlas on the page: every stage by a few channels, as one picture to download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlviz.csv_text import csv_text
from tlviz.data.images import ImageSet
from tlviz.figures.theme import stage_colours
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Stage
from tlviz.ui.before_after import pick_tuned_runs
from tlviz.ui.cached import channels as cached_channels
from tlviz.ui.cached import networks
from tlviz.ui.cached.channels import ATLAS_COLUMNS
from tlviz.ui.channels.before_after import why_not
from tlviz.ui.channels.view import ChannelsView
from tlviz.ui.messages import plain
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.linked import linked_choice

if TYPE_CHECKING:
    from tlviz.explore.channels.top_images import TopImages
    from tlviz.figures.atlas import AtlasRow


class AtlasChoice(StrEnum):
    """Which channels stand for a stage."""

    SELECTIVE = "most class-selective"
    STRONGEST = "strongest"


@dataclass(frozen=True, slots=True)
class Atlas:
    """What an atlas is made of: a network, or a run's where ``tuned`` names one, on the images of a target."""

    model: str
    tuned: str | None
    title: str
    stages: Sequence[Stage]
    images: ImageSet
    tops: Mapping[str, TopImages]
    channels: Mapping[str, Sequence[int]]

    def shown(self) -> list[Stage]:
        """Return the stages that have a row: all, of a run all that it shares with the pretrained network."""
        return [stage for stage in self.stages if stage.name in self.tops]


def render_atlas(model: str, stages: Sequence[Stage], images: ImageSet, version: str) -> None:
    """Show the atlas of a network on a target, below it those of up to three runs, each with its downloads."""
    choice, runs = st.columns([2, 1], vertical_alignment="bottom")
    with choice:
        chosen = AtlasChoice(
            linked_choice("Channels of each stage", list(AtlasChoice), AtlasChoice.SELECTIVE, key=Key.ATLAS)
        )
    with runs, st.popover("Before and after", width="stretch"):
        compared = pick_tuned_runs(model)
    tops = cached_channels.top_of_all(model, None, [stage.name for stage in stages], version, images)
    channels = {name: _channels(top, chosen) for name, top in tops.items()}
    first = Atlas(model, None, find_model(model).title, stages, images, tops, channels)
    _show(first, chosen)
    st.caption(
        "A row is a stage, a tile one channel: the crop of the target that excites it most, and below it its "
        "optimised picture, if you have made one. From edges and colours (top) to objects (bottom)."
    )
    for run in compared:
        shared = [stage for stage in stages[:-1] if not why_not(_place(first, stage, version), run.name)]
        if not shared:
            st.info(plain(f"{run.title}: no stage of this run can be compared with the pretrained ones."))
            continue
        tops = cached_channels.top_of_all(model, run.name, [stage.name for stage in shared], version, images)
        _show(replace(first, tuned=run.name, title=run.title, tops=tops), chosen)
        st.caption("The same channels after this run; its head has other classes and is left out.")


def _place(atlas: Atlas, stage: Stage, version: str) -> ChannelsView:
    return ChannelsView(atlas.model, atlas.stages, stage, atlas.images, version)


def _channels(top: TopImages, choice: AtlasChoice) -> list[int]:
    pick = top.most_selective if choice is AtlasChoice.SELECTIVE else top.strongest
    return pick(ATLAS_COLUMNS)


def _show(atlas: Atlas, choice: AtlasChoice) -> None:
    """Draw one atlas with its downloads."""
    rows = _rows(atlas)
    png = _compose(atlas, choice, rows)
    stem = f"atlas-{atlas.tuned or atlas.model}-{atlas.images.title}"
    st.image(png, width="stretch", output_format="PNG", alt=f"The atlas of {atlas.title}")
    with st.container(horizontal=True):
        for label, content, file in (
            ("Download PNG", png, f"{stem}.png"),
            ("Download CSV", atlas_table(atlas), f"{stem}.csv"),
        ):
            st.download_button(
                label,
                content,
                file,
                icon=":material/download:",
                on_click="ignore",
                key=key_of(label, atlas.tuned),
            )


def _rows(atlas: Atlas) -> list[AtlasRow]:
    """Cut out what excites the channels of every stage, with a bar while it is measured how large the crops are."""
    bar, rows = st.empty(), []
    for at, stage in enumerate(atlas.shown()):
        bar.progress(at / len(atlas.shown()), f"Measuring how much of the picture {stage.name} sees …")
        rows.append(_row(atlas, stage))
    bar.empty()
    return rows


def _row(atlas: Atlas, stage: Stage) -> AtlasRow:
    from tlviz.explore.channels.feature_visualisation import VisualisationRequest
    from tlviz.figures.atlas import AtlasCell, AtlasRow

    top = atlas.tops[stage.name]
    side = cached_channels.crop_side(atlas.model, atlas.tuned, stage.name)
    cells = []
    for channel in atlas.channels[stage.name]:
        picture = np.asarray(atlas.images.pixels[int(top.images[channel, 0])])
        box = cached_channels.boxes(top, channel, side, len(picture))[0]
        crop = picture[box.top : box.top + box.side, box.left : box.left + box.side]
        optimised = cached_channels.visualisation(atlas.model, atlas.tuned, VisualisationRequest(stage.name, channel))
        words = _channel_words(atlas, stage, channel)
        cells.append(AtlasCell(words, crop, optimised.picture if optimised and optimised.responds else None))
    return AtlasRow(stage.name, f"{stage.channels:,} channels", cells)


def _channel_words(atlas: Atlas, stage: Stage, channel: int) -> str:
    classes = networks.network(atlas.model).classes
    is_class = atlas.tuned is None and stage is atlas.stages[-1] and len(classes) == stage.channels
    return f"{channel} {classes[channel]}" if is_class else str(channel)


def atlas_table(atlas: Atlas) -> bytes:
    """Return one line a tile as CSV: stage, channel, the image that excites it most, selectivity, preferred class."""
    rows = []
    for stage in atlas.shown():
        top = atlas.tops[stage.name]
        selectivity = top.selectivity()
        for channel in atlas.channels[stage.name]:
            at = int(top.images[channel, 0])
            rows.append(
                (
                    stage.name,
                    channel,
                    atlas.images.names[at],
                    atlas.images.classes[atlas.images.labels[at]],
                    top.values[channel, 0],
                    "" if np.isnan(selectivity[channel]) else selectivity[channel],
                    "" if np.isnan(selectivity[channel]) else atlas.images.classes[top.preferred_class(channel)],
                )
            )
    head = ("stage", "channel", "image", "class", "activation", "class_selectivity", "preferred_class")
    return csv_text(head, rows).encode()


def _compose(atlas: Atlas, choice: AtlasChoice, rows: Sequence[AtlasRow]) -> bytes:
    from tlviz.figures.atlas import compose_atlas
    from tlviz.figures.sprites import to_png

    who = find_model(atlas.model).title
    title = f"{who}{f' after {atlas.title}' if atlas.tuned else ''} looks at {atlas.images.title}"
    chosen = f"{choice.value} channels of each stage{' before it' if atlas.tuned else ''}"
    subtitle = f"The {chosen}, each by what excites it most in {len(atlas.images.labels):,} images"
    colours = stage_colours(len(atlas.stages))
    return to_png(compose_atlas(title, subtitle, rows, [colours[atlas.stages.index(stage)] for stage in atlas.shown()]))
