"""The guided lesson: a step at a time with its question; what is answered and measured ends in a hand-in."""

from __future__ import annotations

import streamlit as st

from tlviz.learn.dots import experiments_dots
from tlviz.learn.hand_in import WHO, choice_name, hand_in_html, hand_in_parts, missing_parts
from tlviz.learn.lesson import Lesson, Step, load_lesson
from tlviz.learn.progress import answer, answers
from tlviz.learn.results import Table
from tlviz.ui.address import from_address, to_address
from tlviz.ui.learn.run_here import own_tables, render_live, render_start
from tlviz.ui.learn.three_pictures import render_three_pictures
from tlviz.ui.learn.ways import render_links, render_words
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key, key_of


def render_lesson() -> None:
    """Draw the lesson."""
    lesson = load_lesson()
    st.header(plain(lesson.title), anchor=False)
    st.caption(plain(lesson.intro))
    names = [step.name for step in lesson.steps]
    titles = {step.name: f"{at}. {step.title}" for at, step in enumerate(lesson.steps, 1)}
    from_address(Key.STEP, names, names[0])
    st.segmented_control(
        "Step", names, key=Key.STEP, required=True, persist_state="session", format_func=lambda name: titles[name],
        label_visibility="collapsed",
    )  # fmt: skip
    to_address(Key.STEP)
    at = names.index(st.session_state[Key.STEP])
    _step(lesson, lesson.steps[at])
    with st.container(horizontal=True):
        if at:
            st.button("Back", icon=":material/arrow_back:", key="learn_back", on_click=_go, args=(names[at - 1],))
        if at + 1 < len(names):
            st.button("Next", icon=":material/arrow_forward:", key="learn_next", on_click=_go, args=(names[at + 1],))
    if at + 1 == len(names):
        _hand_in(lesson)


def _go(step: str) -> None:
    st.session_state[Key.STEP] = step


def _step(lesson: Lesson, step: Step) -> None:
    st.markdown(plain(step.text))
    if step.has_pictures:
        render_three_pictures(lesson.experiments[0].model)
    render_links(step.links)
    if step.experiments:
        render_start(lesson.name, step.experiments)
        tables = own_tables(lesson.name, step.experiments, _measures(lesson))
        if tables:
            st.html(experiments_dots(step.experiments, step.shows, tables))
            st.caption("Your numbers; ± and whiskers: 95% interval.")
        render_live(lesson.name, step.experiments)
    given = answers(lesson.name)
    if step.choices:
        _choice(lesson, step, given)
    _field(lesson, step.name, plain(step.question) if not step.choices else "Why?", given)
    render_words(step.words)


def _choice(lesson: Lesson, step: Step, given: dict[str, str]) -> None:
    name = choice_name(step)
    key = key_of("learn_choice", lesson.name, name)
    chosen = given.get(name)
    st.radio(
        plain(step.question), step.choices, key=key, persist_state="session",
        index=step.choices.index(chosen) if chosen in step.choices else None, format_func=plain,
        on_change=_keep, args=(lesson.name, name, key),
    )  # fmt: skip


def _field(lesson: Lesson, name: str, label: str, given: dict[str, str]) -> None:
    key = key_of("learn_answer", lesson.name, name)
    st.text_area(
        label, given.get(name, ""), key=key, height=100, placeholder="Kept on this machine as you go on.",
        persist_state="session", on_change=_keep, args=(lesson.name, name, key), max_chars=4000,
    )  # fmt: skip


def _keep(lesson: str, name: str, key: str) -> None:
    heed(answer, lesson, name, str(st.session_state.get(key) or ""))


def _hand_in(lesson: Lesson) -> None:
    """Offer the hand-in, and say what it still lacks."""
    given = answers(lesson.name)
    tables = own_tables(lesson.name, lesson.experiments, _measures(lesson))
    lacks = missing_parts(hand_in_parts(lesson, given, tables))
    if lacks:
        st.caption(f":material/pending: Still missing: {'; '.join(lacks)}.")
    key = key_of("learn_answer", lesson.name, WHO)
    name, button = st.columns([2, 1], vertical_alignment="bottom")
    name.text_input(
        "Name", given.get(WHO, ""), key=key, persist_state="session", on_change=_keep, args=(lesson.name, WHO, key),
        max_chars=200,
    )  # fmt: skip
    button.download_button(
        "Hand-in", lambda: _document(lesson, tables), f"{lesson.name}.html", "text/html", key="learn_hand_in",
        icon=":material/assignment_turned_in:", type="primary", on_click="ignore",
        help="One page of HTML: open it, and print it.",
    )  # fmt: skip


def _document(lesson: Lesson, tables: dict[str, Table]) -> bytes:
    return hand_in_html(lesson, answers(lesson.name), tables).encode()


def _measures(lesson: Lesson) -> tuple[str, ...]:
    return tuple(dict.fromkeys(measure for step in lesson.steps for measure in step.shows))
