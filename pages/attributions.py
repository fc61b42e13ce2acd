"""Attributions: why this answer?"""

import streamlit as st

from tlviz.api.pictures import find_true_class
from tlviz.explore.attribution.methods import Method
from tlviz.explore.looked import note_look
from tlviz.medium import Medium
from tlviz.models.local_weights import available_models
from tlviz.ui.attributions.answers import Subject, find_answers, render_answers, run_classes
from tlviz.ui.attributions.code import answer_code
from tlviz.ui.attributions.downloads import render_downloads
from tlviz.ui.attributions.question import pick_method, pick_question, render_why_not, stage_key
from tlviz.ui.attributions.sweep import render_sweep
from tlviz.ui.attributions.texts import render_text_attributions
from tlviz.ui.attributions.trust import render_trust
from tlviz.ui.before_after import pick_tuned_runs
from tlviz.ui.cached import networks, targets
from tlviz.ui.cached.attributions import unavailable
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.pick_picture import given_picture, pick_picture, picture_name
from tlviz.ui.state import Key
from tlviz.ui.widgets.memory import give_back_memory
from tlviz.ui.widgets.show_code import render_code
from tlviz.ui.widgets.stage_strip import render_stage_strip


def page() -> None:
    page_title("Attributions")
    if available_models()[source()].medium is Medium.TEXTS:
        render_text_attributions(source(), target())
        return
    with st.container():
        network = networks.network(source())
        images = targets.images(target(), source())
    note_look(source(), target())
    strip = st.container()
    left, right = st.columns([1, 3.2], gap="medium")
    with left:
        pixels = pick_picture(images, source())
        picked = "" if given_picture() else st.session_state[Key.PICTURE]
        label = images.classes[images.labels[images.names.index(picked)]] if picked else ""
        true_class = find_true_class((label, picked), network.classes)
        subject = Subject(source(), network, pixels, picture_name(Key.PICTURE, Key.UPLOAD), label, true_class)
        refused = unavailable(source())
        method = pick_method(refused)
        if method is not None:
            where = st.container()  # the runs come last and are asked for first, because they bring classes
            with st.popover("Before and after", width="stretch"):
                runs = pick_tuned_runs(source())
            with where:
                question = pick_question(method, network.stages, network.classes, true_class, run_classes(runs))
        st.file_uploader("Or a picture of your own", key=Key.UPLOAD)
    with right:
        if method is None:
            render_why_not(refused[st.session_state[Key.METHOD]])
        else:
            answers = find_answers(question, subject, runs)
            render_answers(question, subject, answers)
            sweeps = render_sweep(question, subject, refused, answers)
            render_downloads(question, subject, answers, sweeps)
            render_trust(subject, answers)
            render_code(answer_code(question, subject, runs, target()))
    with strip:
        stage = st.session_state.get(stage_key(method)) if method else None
        render_stage_strip(network.stages, key="why_strip", selected=stage, on_select=_select)
    st.query_params[Key.PICTURE] = st.session_state[Key.PICTURE]
    give_back_memory()


def _select(stage: str) -> None:
    """Look at the clicked stage, again at the pixels on a second click; the head has no map."""
    key = stage_key(Method(st.session_state[Key.METHOD]))
    if stage in {s.name for s in networks.network(source()).stages[:-1]}:
        st.session_state[key] = None if st.session_state.get(key) == stage else stage


guarded(page)
