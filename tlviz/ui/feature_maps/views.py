"""The views of the feature maps page: channels, one of them, another picture, a changed one, what runs changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.data.images import ImageSet
from tlviz.data.pixels.pictures import Pixels
from tlviz.ui.address import to_address
from tlviz.ui.before_after import pick_tuned_runs
from tlviz.ui.cached import looks
from tlviz.ui.feature_maps.choice import DIFFERENCE, MAPS, MapChoice, View
from tlviz.ui.feature_maps.downloads import render_downloads
from tlviz.ui.feature_maps.grid import Column, build_grid, reading_aid, render_grid, render_largest_difference
from tlviz.ui.messages import plain
from tlviz.ui.pick_picture import pick_second, picture_name
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_choice, linked_slider
from tlviz.ui.widgets.panels import render_guesses
from tlviz.ui.widgets.rows import words_and_buttons

if TYPE_CHECKING:
    from tlviz.explore.maps.edits import Edit
    from tlviz.explore.maps.feature_maps import StageActivations


@dataclass(frozen=True, slots=True)
class MapView:
    """What every view needs: the choice, the picture and its name, the target's other pictures, room for a control."""

    choice: MapChoice
    pixels: Pixels
    name: str
    images: ImageSet
    room: DeltaGenerator


def render_channels(scene: MapView) -> None:
    """Show one row of channels a stage, or many channels of the chosen one."""
    _show(scene, [Column("", scene.pixels, scene.choice.maps(scene.pixels))])


def render_two(scene: MapView) -> None:
    """Show the same channels for a second picture."""
    model = scene.choice.model
    pick, upload, show, words = st.columns([1.5, 0.75, 0.75, 1.4], vertical_alignment="center")
    with upload, st.popover("Upload", width="stretch"):
        st.file_uploader("A second picture of your own", key=Key.SECOND_UPLOAD)
    with pick:
        second = pick_second(scene.images, model)
    show.image(second, width="stretch", alt="The second picture as the network gets it")
    to_address(Key.SECOND)
    with words:
        _render_best(looks.seen(model, "", second))
    name = picture_name(Key.SECOND, Key.SECOND_UPLOAD)
    both = [(scene.name, scene.pixels, scene.choice.maps(scene.pixels)), (name, second, scene.choice.maps(second))]
    columns = [Column(*each) for each in both]
    for run in scene.choice.runs:
        for title, pixels, before in both:
            after = scene.choice.maps(pixels, run.name)
            minus = before if scene.choice.is_difference else None
            columns.append(Column(f"{title} · {run.title}", pixels, after, minus=minus))
    _show(scene, columns)


def render_change(scene: MapView) -> None:
    """Show what moving, blurring, recolouring or covering the picture does to its maps, as the sliders move."""
    from tlviz.explore.maps.edits import edit_picture

    sliders, show = st.columns([3.6, 1], vertical_alignment="center", gap="medium")
    with sliders:
        edit = _pick_edit()
    changed = edit_picture(scene.pixels, edit)
    with show:
        st.image(changed, width="stretch", alt="The changed picture as the network gets it")
        _render_best(looks.seen(scene.choice.model, "", changed), 2)
    before, after = scene.choice.maps(scene.pixels), scene.choice.maps(changed)
    columns = [
        Column("Original", scene.pixels, before),
        Column("Changed", changed, after),
        Column("Difference", changed, after, minus=before),
    ]
    for run in scene.choice.runs:
        untouched, changed_too = (scene.choice.maps(pixels, run.name) for pixels in (scene.pixels, changed))
        columns.append(Column(f"Difference · {run.title}", changed, changed_too, minus=untouched))
    _show(scene, columns)
    render_largest_difference(columns, scene.choice.places)


def _pick_edit() -> Edit:
    """Draw the sliders of what is changed, two a line."""
    from tlviz.explore.maps.edits import Edit

    left, middle, right = st.columns(3)
    with left:
        across = linked_slider("Move right, %", -50, 50, 0, key="right")
        blur = linked_slider("Blur, pixels", 0, 20, 0, key="blur")
    with middle:
        down = linked_slider("Move down, %", -50, 50, 0, key="down")
        grey = linked_slider("Less colour, %", 0, 100, 0, key="grey")
    with right:
        cover = linked_slider("Cover, % of the side", 0, 100, 0, key="cover")
        with st.popover("Hue, cover position", width="stretch"):
            hue = linked_slider("Turn the colours, degrees", -180, 180, 0, key="hue", step=10)
            cover_x = linked_slider("Cover: from the left, %", 0, 100, 50, key="cover_x")
            cover_y = linked_slider("Cover: from the top, %", 0, 100, 50, key="cover_y")
    return Edit(across, down, float(blur), grey, hue, cover, cover_x, cover_y)


def render_runs(scene: MapView) -> None:
    """Show the pretrained network beside up to three of its runs: same picture, layer, channels and colour scale."""
    pick, how = st.columns([2.3, 1], vertical_alignment="bottom")
    with how:
        shown = linked_choice("Show", [MAPS, DIFFERENCE], MAPS, key=Key.SHOW)
    with pick:
        runs = pick_tuned_runs(scene.choice.model)
    before = scene.choice.maps(scene.pixels)
    columns = [Column("Pretrained", scene.pixels, before)]
    for run in runs:
        after = scene.choice.maps(scene.pixels, run.name)
        columns.append(Column(run.title, scene.pixels, after, minus=before if shown == DIFFERENCE else None))
    _show(scene, columns)
    compared = [Column(column.name, column.pixels, column.maps, minus=before) for column in columns[1:]]
    render_largest_difference(compared, scene.choice.places)


def _render_best(activations: StageActivations, count: int = 3) -> None:
    if activations.guesses:
        render_guesses(activations.guesses[:count])
    else:
        st.caption("Pretrained without class names, so it has no guesses.")


def _show(scene: MapView, columns: list[Column]) -> None:
    """Draw the grid with its reading aid and downloads; a click on a tile follows that channel."""
    grid = build_grid(scene.choice, columns)
    render_grid(grid, key="look_tiles", on_pick=_follow)
    aid, button = words_and_buttons()
    aid.caption(plain(reading_aid(scene.choice, columns)))
    with button:
        render_downloads(scene.choice, columns, grid, scene.name)


def _follow(place: str, channel: int) -> None:
    """Show the clicked channel large."""
    if st.session_state.get(Key.LAYER) != place:  # a layer stays chosen, of which it is a channel
        st.session_state[Key.STAGE] = place
    st.session_state[Key.CHANNEL] = channel
    st.session_state[Key.LOOK] = View.ONE
