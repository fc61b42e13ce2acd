"""Learn: is what the course says true?"""

import streamlit as st

from tlviz.learn.library import all_cards
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.learn.card import render_card
from tlviz.ui.learn.glossary import render_glossary
from tlviz.ui.learn.lesson import render_lesson
from tlviz.ui.learn.path import pick_view, render_path
from tlviz.ui.messages import show_error


def page() -> None:
    page_title("Learn")
    cards, troubles = all_cards()
    for trouble in troubles:
        show_error(trouble)
    view = pick_view()
    if view == "Lesson":
        render_lesson()
    elif view == "Words":
        render_glossary()
    else:
        path, card = st.columns([1, 2.6], gap="medium")
        with path:
            chosen = render_path(cards)
        with card:
            render_card(chosen)


guarded(page)
