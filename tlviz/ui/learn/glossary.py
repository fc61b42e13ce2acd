"""The glossary: every word with its one definition, papers, and the page where it can be tried; with a search."""

from __future__ import annotations

import streamlit as st

from tlviz.learn.words import Word, all_words, search_words
from tlviz.ui.frame import PAGES
from tlviz.ui.messages import plain, show_error
from tlviz.ui.state import Key

_TITLES = {entry.file: entry.name for entry in PAGES}


def render_glossary() -> None:
    """Draw the search and the words that match, in alphabetical order."""
    words, troubles = all_words()
    for trouble in troubles:
        show_error(trouble)
    asked = st.query_params.get(Key.WORD, "")
    st.session_state.setdefault(Key.WORD, asked)
    query = st.text_input(
        "Search", key=Key.WORD, placeholder="a word, or part of its definition", persist_state="session"
    )
    if query:
        st.query_params[Key.WORD] = query
    else:
        st.query_params.pop(Key.WORD, None)
    found = search_words(query or "")
    st.caption(f"{len(found)} of {len(words)} words")
    if not found:
        st.info(f"No word has '{plain(query or '')}' in it; try a shorter one.", icon=":material/search_off:")
    for word in found:
        _word(word)


def _word(word: Word) -> None:
    text, way = st.columns([4, 1], vertical_alignment="center")
    also = f" ({', '.join(map(plain, word.also))})" if word.also else ""
    own = " :gray-badge[class]" if word.is_own else ""
    text.markdown(f"**{plain(word.term)}**{also}{own}: {plain(word.definition)}")
    papers = " · ".join(f"[{plain(paper.title)}]({paper.url})" for paper in word.papers)
    if papers:
        text.caption(papers)
    file = f"pages/{word.page}.py"
    if word.page != "learn" and file in _TITLES:
        way.page_link(file, label=f"Try it: {_TITLES[file]}", icon=":material/arrow_forward:")
