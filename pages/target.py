"""Target: is my data sound?"""

import streamlit as st

from tlviz.api.snippets import target_code
from tlviz.data.images import ImageSet
from tlviz.errors import TlvizError
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached import targets
from tlviz.ui.frame import guarded, page_title, source, target, target_or_none
from tlviz.ui.messages import plain, show_error
from tlviz.ui.state import Key
from tlviz.ui.target.dataset_import import render_import
from tlviz.ui.target.findings import render_findings, render_take_back
from tlviz.ui.target.given import previewed
from tlviz.ui.target.image_map import render_map
from tlviz.ui.target.own import render_moved, render_own
from tlviz.ui.target.preview import render_preview
from tlviz.ui.target.reading import render_other_reading, render_reading
from tlviz.ui.target.views import chosen_plan, chosen_seed, render_augmentation, render_classes, target_relation
from tlviz.ui.widgets.panels import render_problems
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.show_code import render_code
from tlviz.ui.widgets.target_field import MovedError, NothingChosenError

CLASSES, FINDINGS, AUGMENTATION, MAP = "Classes and split", "Findings", "Augmentation", "Map"
VIEWS = (CLASSES, FINDINGS, AUGMENTATION, MAP)


def page() -> None:
    page_title("Target")
    import_place = st.container()
    if path := previewed():
        render_preview(path)
        return
    is_chosen = True
    try:
        _views()
    except NothingChosenError:
        is_chosen = False
    except MovedError as error:
        render_moved(error.recent)
    except TlvizError as error:  # what can mend it is on this page, so it stays usable
        show_error(error)
        render_take_back(target_or_none())
        render_other_reading(target_or_none())
    with import_place:
        render_import(is_open=not is_chosen)


def _views() -> None:
    data = target()
    with st.container():  # progress comes and goes here without moving what follows
        images = targets.images(data, source())
    line, button = words_and_buttons()
    with line:
        _summary(images)
    render_own(data, button)
    render_reading(data, images)
    from_address(Key.VIEW, VIEWS, CLASSES)
    st.segmented_control(
        "View", VIEWS, key=Key.VIEW, required=True, persist_state="session", label_visibility="collapsed"
    )
    to_address(Key.VIEW)
    match st.session_state[Key.VIEW]:
        case "Findings":
            render_findings(data, images)
        case "Augmentation":
            render_augmentation(images)
        case "Map":
            render_map(images, source())
        case _:
            render_classes(images, source())
            render_problems(images.problems)
    plan = chosen_plan(images.parts)
    budget = plan.labels_per_class
    render_code(
        target_code(source(), target(), seed=chosen_seed(), test_share=plan.test_share, labels_per_class=budget)
    )


def _summary(images: ImageSet) -> None:
    left_out = f"; {len(images.excluded):,} excluded by you" if images.excluded else ""
    st.markdown(
        f"**{plain(images.title)}**: {len(images.labels):,} images in {len(images.classes):,} classes{left_out}; "
        f"{target_relation(target())}."
    )


guarded(page)
