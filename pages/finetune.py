"""Fine-tune: how do I train it?"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlviz.api.snippets import finetune_code, run_code
from tlviz.data.images import ImageSet
from tlviz.data.sources.reading import need_answers
from tlviz.errors import TlvizError
from tlviz.finetune.choices import DeviceChoice
from tlviz.finetune.config import FinetuneConfig
from tlviz.models.spec import Stage
from tlviz.runs.launch import start_finetune
from tlviz.runs.launchers.resources import LOCAL, Resources
from tlviz.runs.startable import check_startable
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.ui.cached import networks, targets
from tlviz.ui.finetune.advised import render_advised
from tlviz.ui.finetune.depths import depths_of, measured
from tlviz.ui.finetune.form import render_plan, render_settings
from tlviz.ui.finetune.live import render_no_run, render_run
from tlviz.ui.finetune.plan_words import plan_in_words
from tlviz.ui.finetune.range_test import render_range_test
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.messages import attempt, show_error
from tlviz.ui.state import Key
from tlviz.ui.target.reading import reading_line
from tlviz.ui.widgets.launcher import render_launcher
from tlviz.ui.widgets.panels import pick_run
from tlviz.ui.widgets.show_code import render_code


def page() -> None:
    page_title("Fine-tune")
    with st.container():  # progress comes and goes here without moving what follows
        images = targets.images(target(), source())
        stages = networks.target_stages(source(), len(images.classes))
    reading_line(images)
    profile = measured(source(), images.name)
    plan = render_plan(stages, lambda: depths_of(source(), images.name, len(images.labels), stages, profile))
    render_advised(profile, stages)
    settings, live = st.columns([1, 1.6], gap="large")
    with settings:
        form = _settings_and_start(images, stages, plan)
    with live:
        run = _live(form, stages)
    shown, following = run_code(run) if run else None, finetune_code(form) if form else None
    render_code(shown, following, titles=("The run that is shown", "The next run"))


def _live(form: FinetuneConfig | None, stages: Sequence[Stage]) -> RunFolder | None:
    runs = list_runs(FINETUNE)
    if not runs:
        render_no_run()
        return None
    run = pick_run(runs, key=Key.RUN)
    render_run(run, form, stages)
    return run


def _settings_and_start(images: ImageSet, stages: Sequence[Stage], plan: DeltaGenerator) -> FinetuneConfig | None:
    """Draw the settings and return the run they describe.

    A value out of range is one sentence; nothing can be started until it is mended, and None is returned.
    """
    config, resources = None, Resources()
    try:
        config = render_settings(source(), images.name, images.parts, stages)
        resources = render_launcher("finetune")
        plan.caption(f"**The next run.** {plan_in_words(config, stages)}")
    except TlvizError as error:
        plan.caption("A summary appears here once all settings are valid.")
        show_error(error)
    is_read = attempt(need_answers, images.reading)
    startable = (
        config
        if config and is_read and attempt(partial(check_startable, _to_check(config, resources), stages=stages))
        else None
    )
    is_wanted = st.button("Start", type="primary", icon=":material/play_arrow:", disabled=startable is None)
    if is_wanted and startable and attempt(_start, startable, resources):
        st.rerun()  # so that the sidebar shows it too
    if startable:
        render_range_test(startable, stages)
    return config


def _to_check(config: FinetuneConfig, resources: Resources) -> FinetuneConfig:
    """Return a run to be checked: this machine's devices do not matter to one on a cluster."""
    return config if resources.launcher == LOCAL else replace(config, device=DeviceChoice.AUTO)


def _start(config: FinetuneConfig, resources: Resources) -> None:
    st.session_state[Key.RUN] = start_finetune(config, resources).name


guarded(page)
