"""What the pages about runs remember: answers image by image, thumbnails of a run's own pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from tlviz.data.as_begun import load_as_begun
from tlviz.data.images import Form, ImageSet
from tlviz.data.pixels.depth import Depth
from tlviz.data.sources.reading import ReadAs
from tlviz.errors import TlvizError
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.curves import CurveReader
from tlviz.runs.predictions import FILE, Answers, read_answers
from tlviz.runs.store.folder import find_run
from tlviz.runs.summary import RunSummary
from tlviz.ui.cached.targets import FOLDER_CHECK_S, thumbnail


def answers(summary: RunSummary) -> Answers | None:
    """Return what a run's best weights say of each validation image, None where that is not known."""
    run = find_run(summary.folder)
    try:
        changed = (run.path / FILE).stat().st_mtime_ns
    except OSError:
        return None
    return _answers(summary.folder, changed, summary.best_epoch)


@st.cache_resource(show_spinner=False)
def curve_reader() -> CurveReader:
    """Return the one reader of curves, which remembers what has not changed; it is bounded by itself."""
    return CurveReader()


@st.cache_resource(max_entries=16, show_spinner=False)
def _answers(folder: str, changed_ns: int, best_epoch: int | None) -> Answers | None:
    return read_answers(find_run(folder), best_epoch)


def run_images(summary: RunSummary) -> ImageSet | None:
    """Return the target of a run as its network sees it, None where it is no longer there."""
    try:
        config, begun = FinetuneConfig.from_json(summary.settings), summary.start_event
        config = config.with_depth(Depth.from_json(begun.get("depth") or {}))
        classes = tuple(map(str, begun.get("classes", ())))
        return _images(config.data, config.geometry, config.read_as, classes, not begun)
    except TlvizError:
        return None


@st.cache_resource(max_entries=4, ttl=FOLDER_CHECK_S, show_spinner="Reading the run's pictures …")
def _images(data: str, geometry: Form, read_as: ReadAs, classes: tuple[str, ...], find_range: bool) -> ImageSet:
    return load_as_begun(data, geometry, read_as, classes, find_range=find_range)


def thumbnails(images: ImageSet | None, names: list[str]) -> list[str | None]:
    """Return small pictures as data addresses, None for those that are not there."""
    if images is None:
        return [None] * len(names)
    places = {name: at for at, name in enumerate(images.names)}
    return [
        thumbnail(images.name, name, np.asarray(images.pixels[places[name]])) if name in places else None
        for name in names
    ]
