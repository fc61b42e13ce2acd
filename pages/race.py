"""Race: which strategy wins, and is it noise?"""

import streamlit as st

from tlviz.api.snippets import run_code
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.kinds import RACE
from tlviz.ui.cached import networks, targets
from tlviz.ui.frame import guarded, page_title, source, target
from tlviz.ui.race.form import render_form
from tlviz.ui.race.live import pick_race, render_no_race, render_race
from tlviz.ui.runs.trash import render_undo
from tlviz.ui.target.reading import reading_line
from tlviz.ui.widgets.rows import words_and_buttons
from tlviz.ui.widgets.show_code import render_code


def page() -> None:
    page_title("Race")
    render_undo()
    races = list_runs(RACE)
    if not races:
        with st.container(border=True):
            _form()
        render_no_race()
        return
    which, new = words_and_buttons()
    with new.popover("New race", icon=":material/flag:"):
        _form()
    with which:
        race = pick_race(races)
    render_race(race)
    render_code(run_code(race))
    st.caption("Every run of a race is an ordinary run: watch it on the Fine-tune page, export it on the Export page.")


def _form() -> None:
    images = targets.images(target(), source())
    reading_line(images)
    render_form(source(), images, networks.target_stages(source(), len(images.classes)))


guarded(page)
