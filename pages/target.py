"""Target: is my data sound?"""

import streamlit as st

from tlviz.data.images import ImageSet
from tlviz.ui import cached
from tlviz.ui.address import from_address, to_address
from tlviz.ui.findings_panel import render_findings
from tlviz.ui.frame import guarded, source, target
from tlviz.ui.map_panel import render_map
from tlviz.ui.panels import render_problems
from tlviz.ui.state import Key
from tlviz.ui.target_import import render_import
from tlviz.ui.target_views import render_augmentation, render_classes, target_relation

CLASSES, FINDINGS, AUGMENTATION, MAP = "Classes and split", "Findings", "Augmentation", "Map"
VIEWS = (CLASSES, FINDINGS, AUGMENTATION, MAP)


def page() -> None:
    st.title("Is my data sound?")
    import_place = st.container()
    with st.container():  # progress comes and goes here without moving what follows
        images = cached.images(target(), source())
    _summary(images)
    from_address(Key.VIEW, VIEWS, CLASSES)
    st.segmented_control(
        "View", VIEWS, key=Key.VIEW, required=True, persist_state="session", label_visibility="collapsed"
    )
    to_address(Key.VIEW)
    match st.session_state[Key.VIEW]:
        case "Findings":
            render_findings(target(), images)
        case "Augmentation":
            render_augmentation(images)
        case "Map":
            render_map(images, source())
        case _:
            render_classes(images, source())
            render_problems(images.problems)
    with import_place:
        render_import()


def _summary(images: ImageSet) -> None:
    left_out = f"; {len(images.excluded):,} excluded by you" if images.excluded else ""
    st.markdown(
        f"**{images.title}**: {len(images.labels):,} images in {len(images.classes):,} classes{left_out}; "
        f"{target_relation(target())}."
    )


guarded(page)
