"""Feature maps: what does each layer see?"""

from typing import TYPE_CHECKING

import streamlit as st

from tlviz.models.spec import Stage
from tlviz.ui import cached
from tlviz.ui.address import from_address, to_address
from tlviz.ui.frame import guarded, source, target
from tlviz.ui.panels import Sheet, render_guesses, render_sheets
from tlviz.ui.pick_picture import pick_picture
from tlviz.ui.stage_strip import render_stage_strip
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.explore.feature_maps import Look, Order

ALL = "all stages"
ROW_CHANNELS = 10
GRID_COLUMNS, GRID_ROWS = 10, 5


def page() -> None:
    st.title("What does each stage see?")
    with st.container():  # progress comes and goes here without moving what follows
        stages = cached.network(source()).stages
        images = cached.images(target(), source())
    strip = st.container()
    left, right = st.columns([1, 3.4], gap="medium")
    from_address(Key.STAGE, [ALL, *(stage.name for stage in stages[:-1])], ALL)
    with left:
        pixels = pick_picture(images, source())
    look = cached.seen(source(), cached.digest(pixels), pixels)
    with left:
        st.image(pixels, width="stretch", alt="The picture as the network gets it")
        if look.guesses:
            st.markdown("**Five best guesses**")
            render_guesses(look.guesses)
        else:
            st.caption("Pretrained without named classes: it has features, and no guesses.")
        st.file_uploader("Or a picture of your own", key=Key.UPLOAD)
    with right:
        _channels(stages[:-1], cached.digest(pixels), look)
    with strip:
        render_stage_strip(stages, key="look_strip", selected=st.session_state[Key.STAGE], on_select=_select)
    to_address(Key.STAGE, Key.PICTURE)


def _channels(stages: tuple[Stage, ...], digest: str, look: "Look") -> None:
    """Show one row of channels a stage, or many channels of the chosen one."""
    from tlviz.explore.feature_maps import Order

    first, second = st.columns([2, 1.2])
    names = [ALL, *(stage.name for stage in stages)]
    first.select_slider("Stage", names, key=Key.STAGE, persist_state="session")
    order = second.segmented_control(
        "Channels first", list(Order), default=Order.STRONGEST, required=True, key=Key.ORDER, persist_state="session",
        help="Strongest: highest mean absolute activation. Most varied: largest spread over the picture.",
    )  # fmt: skip
    chosen = st.session_state[Key.STAGE]
    count = ROW_CHANNELS if chosen == ALL else GRID_COLUMNS * GRID_ROWS
    shown = [stage for stage in stages if chosen in (ALL, stage.name)]
    render_sheets([_sheet(stage, digest, order, count, look) for stage in shown])
    st.caption(
        "A row is a stage (its channels, of so many pixels), a tile one channel: bright where it responds to the "
        "picture, each on its own scale. From edges and colours (early) to parts of objects (late)."
    )


def _sheet(stage: Stage, digest: str, order: "Order", count: int, look: "Look") -> Sheet:
    png, channels = cached.channel_sheet(source(), digest, stage.name, order, count, GRID_COLUMNS, look)
    side = look.maps[stage.name].shape[-1]
    cells = [f"{stage.name}, channel {number}: mean absolute activation {mean:.3g}" for number, mean in channels]
    return Sheet(png, cells, GRID_COLUMNS, stage.name, f"{stage.channels:,} of {side} x {side}")


def _select(stage: str) -> None:
    """Choose the clicked stage; a second click on it, or one on the head, goes back to all."""
    is_backbone = stage in {s.name for s in cached.network(source()).stages[:-1]}
    st.session_state[Key.STAGE] = stage if is_backbone and stage != st.session_state[Key.STAGE] else ALL


guarded(page)
