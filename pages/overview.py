"""Overview: what do I have?"""

import streamlit as st

from tlviz.api.snippets import overview_code
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.learn.words import define
from tlviz.models.catalogue import find_model
from tlviz.ui.cached import networks, targets
from tlviz.ui.frame import guarded, page_title, source, target, target_or_none
from tlviz.ui.messages import plain
from tlviz.ui.overview.steps import PROMISE, render_steps
from tlviz.ui.widgets.panels import render_problems, render_wall
from tlviz.ui.widgets.show_code import render_code
from tlviz.ui.widgets.stage_strip import describe_head, render_stage_strip

WALL_COLUMNS = 10


def page() -> None:
    spec = find_model(source())
    page_title("Overview")
    st.markdown(PROMISE)
    render_steps(source(), target_or_none())
    st.header(f"Source: {spec.title}", anchor=False, help=define("source"))
    st.markdown(
        f"{spec.sentence} {spec.parameters:,} parameters, trained on {spec.source}; "
        f"it sees pictures of {spec.preprocessing.size} x {spec.preprocessing.size} pixels."
    )
    strip, wall = st.container(), st.container()
    with wall:
        _target(target())
    with strip:
        network = networks.network(source())
        render_stage_strip(network.stages, key="overview_strip")
        st.caption(
            "Stages from input to answer: width is the share of compute, height the number of channels. "
            + describe_head(network.stages, len(network.classes))
        )
    render_code(overview_code(source(), target()))
    st.caption(f"Licences: weights {spec.licence}; images {_licence()}.")


def _target(name: str) -> None:
    images = targets.images(name, source())
    relation = SHIPPED[name].relation if name in SHIPPED else "not yet compared with the source"
    st.header(f"Target: {plain(images.title)}", anchor=False, help=define("target"))
    st.markdown(f"{len(images.labels):,} images in {len(images.classes)} classes; {relation}.")
    render_wall(targets.sample_wall(name, source(), targets.version_of(images), WALL_COLUMNS, images), WALL_COLUMNS)
    if len(images.classes) > targets.MOST_CLASSES:
        st.caption(f"The first {targets.MOST_CLASSES} of {len(images.classes):,} classes.")
    render_problems(images.problems)


def _licence() -> str:
    return SHIPPED[target()].licence if target() in SHIPPED else "yours"


guarded(page)
