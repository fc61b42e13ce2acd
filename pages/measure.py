"""Measure: which layers are general, which specific?"""

import streamlit as st

from tlviz.api.snippets import profile_code
from tlviz.data.images import dataset_title
from tlviz.diagnose.records import Profile
from tlviz.models.catalogue import find_model
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached import networks
from tlviz.ui.cached.profiles import known_profile, wanted
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.measure.advice import RECORD, render_advice
from tlviz.ui.measure.advice_record import render_record
from tlviz.ui.measure.best import render_best
from tlviz.ui.measure.curve import render_curve
from tlviz.ui.measure.jobs import render_failure, render_running, render_sample, start_missing, take_sample
from tlviz.ui.measure.probing import PROBING, render_probing
from tlviz.ui.measure.similarity import render_similarity
from tlviz.ui.measure.views import render_dimension, render_map, render_networks, render_numbers, render_shift
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.show_code import notebook_of_profile, render_code, render_notebook
from tlviz.ui.widgets.stage_strip import render_stage_strip

VIEWS = {
    "Similarity": render_similarity,
    "Shift": render_shift,
    "Dimension": render_dimension,
    "Map": render_map,
    "Networks": render_networks,
    RECORD: render_record,
    "Numbers": render_numbers,
}


def page() -> None:
    page_title("Measure")
    take_sample()
    profile = known_profile(source(), target())
    if profile is None:
        _invite(source(), target())
        return
    others = render_curve(profile)
    render_advice(profile)
    render_best(source(), target())
    _view(profile)
    asked = (source(), target(), [(other.model, other.data) for other in others], wanted(source(), target()).limit)
    render_code(profile_code(*asked))
    render_notebook(lambda: notebook_of_profile(*asked), f"profile-{source()}", key="profile_notebook")


def _invite(model: str, data: str) -> None:
    """Say what will be measured, and offer to, or show how far it is."""
    network, images = find_model(model).title, plain(dataset_title(data))
    st.markdown(f"Not measured yet: how much each stage of **{network}** helps on **{images}**.")
    if not render_running([(model, data)]):
        render_failure((model, data))
        button, more = st.columns([1, 5])
        button.button(
            "Measure", type="primary", icon=":material/analytics:", on_click=heed, args=(start_missing, [(model, data)])
        )
        with more.popover("More"):
            render_sample()
    render_best(model, data)
    render_stage_strip(networks.own_stages(model), key="measure_strip")
    st.caption(
        "A sample of the target goes once through the network and once through a copy with random weights. At every "
        "stage a linear classifier then predicts the classes; its gain over random weights is what pretraining adds."
    )
    render_code(profile_code(model, data, limit=wanted(model, data).limit))


def _view(profile: Profile) -> None:
    """Let a person choose what to see behind the curve."""
    views = ({PROBING: render_probing} if profile.probing else {}) | VIEWS
    if st.session_state.get(Key.MEASURE, PROBING) not in views:
        del st.session_state[Key.MEASURE]
    from_address(Key.MEASURE, list(views), next(iter(views)))
    st.segmented_control(
        "Behind it", list(views), key=Key.MEASURE, required=True, persist_state="session", label_visibility="collapsed"
    )
    to_address(Key.MEASURE)
    views[st.session_state[Key.MEASURE]](profile)


guarded(page)
