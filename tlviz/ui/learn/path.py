"""The path: all cards in their order with ticks that survive a restart, and the worksheet."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.learn.cards import Card
from tlviz.learn.progress import done_cards
from tlviz.ui.address import from_address, to_address
from tlviz.ui.messages import plain
from tlviz.ui.state import Key

VIEWS = ("Cards", "Lesson", "Words")


def pick_view() -> str:
    """Let a person choose between cards, lesson and words; the choice is in the address bar."""
    from_address(Key.LEARN, VIEWS, VIEWS[0])
    view = st.segmented_control(
        "Show", VIEWS, key=Key.LEARN, required=True, persist_state="session", label_visibility="collapsed",
        help="Cards: the course's statements as experiments. Lesson: six guided steps. Words: the glossary.",
    )  # fmt: skip
    to_address(Key.LEARN)
    return str(view)


def render_path(cards: Sequence[Card]) -> Card:
    """Draw the cards in their order, ticked where done, and return the chosen one."""
    by_name, done = {card.name: card for card in cards}, done_cards()
    from_address(Key.CARD, list(by_name), cards[0].name)
    ticked = sum(name in done for name in by_name)
    st.caption(f"**Path** · {ticked} of {len(by_name)} done")
    name = st.radio(
        "Card", list(by_name), key=Key.CARD, persist_state="session", label_visibility="collapsed",
        format_func=lambda name: _label(by_name.get(name), is_done=name in done),
    )  # fmt: skip
    to_address(Key.CARD)
    with st.popover("Worksheet", icon=":material/print:"):
        st.caption("One HTML file, every card on pages of its own: open it and print it.")
        has_answers = st.toggle("With the answers", key="learn_with_answers", help="On pages of their own, at the end.")
        st.download_button(
            "Worksheet of all cards", lambda: _worksheet(cards, has_answers), "tlviz-worksheet.html", "text/html",
            key="learn_worksheet", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    return by_name[str(name)]


def _label(card: Card | None, *, is_done: bool) -> str:
    if card is None:
        return ""
    tick = " :green[:material/check_circle:]" if is_done else ""
    own = " (class)" if card.is_own else ""
    return f"{plain(card.title)}{own}{tick}"


def _worksheet(cards: Sequence[Card], has_answers: bool) -> bytes:
    from tlviz.learn.worksheet import worksheet_html

    return worksheet_html(cards, has_answers=has_answers).encode()
