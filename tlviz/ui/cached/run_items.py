"""What a page shows of single items of a run's target: small pictures, or the texts themselves."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from tlviz.data.as_begun import open_as_begun
from tlviz.data.texts.source import TextSource
from tlviz.errors import TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.medium import Medium
from tlviz.models.imported import medium_of_weights
from tlviz.runs.store.folder import find_run
from tlviz.runs.summary import RunSummary
from tlviz.ui.cached import runs as cached_runs
from tlviz.ui.cached.targets import FOLDER_CHECK_S

LONGEST = 160
"""Signs of a text that are shown."""


def item_looks(summary: RunSummary, names: Sequence[str], alt: Sequence[str]) -> list[str]:
    """Return items of a run's target by name as HTML, '' for those that are gone; ``alt`` says what each is."""
    if medium_of_run(summary) is Medium.TEXTS:
        texts = _texts(summary)
        return [_quoted(texts[name]) if name in texts else "" for name in names]
    pictures = cached_runs.thumbnails(cached_runs.run_images(summary), list(names))
    return [_image(picture, words) if picture else "" for picture, words in zip(pictures, alt, strict=True)]


def medium_of_run(summary: RunSummary) -> Medium:
    """Return what a run's target is made of; pictures where that is not known."""
    try:
        return medium_of_weights(find_run(summary.folder))
    except TlvizError:
        return Medium.PICTURES


def _texts(summary: RunSummary) -> dict[str, str]:
    try:
        config = FinetuneConfig.from_json(summary.settings)
        return _read(config.data, config, tuple(map(str, summary.start_event.get("classes", ()))))
    except TlvizError:
        return {}


@st.cache_data(max_entries=4, ttl=FOLDER_CHECK_S, show_spinner="Reading the run's texts …")
def _read(data: str, _config: FinetuneConfig, classes: tuple[str, ...]) -> dict[str, str]:
    target = open_as_begun(data, _config.read_as, classes)
    pairs = zip(target.names, target.sources, strict=True)
    return {name: source.text for name, source in pairs if isinstance(source, TextSource)}


def _quoted(text: str) -> str:
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return f'<span title="{html.escape(text[:2000])}">{html.escape(short)}</span>'


def _image(picture: str, words: str) -> str:
    return f'<img src="{picture}" alt="{html.escape(words)}" style="width:100%;max-width:96px;border-radius:4px">'
