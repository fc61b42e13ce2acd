"""Before and after: up to three finished runs of a network beside the pretrained one.

All networks see the picture as the source does, in its geometry and size, so that their maps lie on one grid; only an
architecture that takes no other size than it was trained with gets the picture in its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.models.spec import Sizing
from tlviz.runs.store.folder import RunFolder, find_run, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise
from tlviz.ui.cached.networks import changed_at
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.linked import linked_many
from tlviz.ui.widgets.panels import run_label

if TYPE_CHECKING:
    pass

MOST_RUNS = 3
NEWEST = 50
"""Only the newest fifty runs are offered."""


@dataclass(frozen=True, slots=True)
class TunedRun:
    """A run that is shown beside the pretrained network: its name and what to call it."""

    name: str
    title: str


def pick_tuned_runs(model: str) -> list[TunedRun]:
    """Let a person pick up to three finished runs of a source network; shows a note where there is none."""
    runs = {run.name: summary for run, summary in finished_runs(model)}
    if not runs:
        st.info(
            "No finished run of this network yet: train one on the Fine-tune page to see here what it changed.",
            icon=":material/model_training:",
        )
        return []
    titles = {name: run_label(summary) for name, summary in runs.items()}
    chosen = linked_many(
        "Runs to compare with the pretrained network", list(runs), key=Key.RUNS, most=MOST_RUNS,
        words=lambda name: titles[name], placeholder="Choose up to three finished runs",
    )  # fmt: skip
    sizes = [_size_words(model, runs[name]) for name in chosen]
    said = sorted({words for words in sizes if words})
    if said:
        st.caption(" ".join(plain(words) for words in said))
    return [TunedRun(name, _short(runs[name], list(runs.values()))) for name in chosen]


def finished_runs(model: str) -> list[tuple[RunFolder, RunSummary]]:
    """Return the newest runs of a source network that are over and have kept weights."""
    found = []
    for run in list_runs(FINETUNE)[:NEWEST]:
        summary = _summary_of(run)
        is_over = summary.status in (Status.FINISHED, Status.STOPPED)
        if is_over and summary.settings.get("model") == model and run.weights.exists():
            found.append((run, summary))
    return found


def _summary_of(run: RunFolder) -> RunSummary:
    """Return a run's summary, from memory where the run is over and nothing was written since."""
    known = _summary(str(run.path), changed_at(run.path / "events.jsonl"))
    return known if known.status in (Status.FINISHED, Status.STOPPED) else summarise(run)


@st.cache_resource(max_entries=2 * NEWEST, show_spinner=False)
def _summary(folder: str, changed: int) -> RunSummary:  # noqa: ARG001  (only a cache key)
    return summarise(find_run(folder))


def _size_words(model: str, run: RunSummary) -> str:
    from tlviz.models.catalogue import find_model

    spec = find_model(model)
    own, trained = spec.preprocessing.size, run.settings.get("image_size")
    if trained in (None, own):
        return ""
    if spec.sizing is Sizing.FREE:
        return f"Trained on pictures of {trained} pixels; shown at the source's {own}, so that maps can be compared."
    return f"Sees the picture at the {trained} pixels it was trained on; its maps are brought to the source's grid."


def _short(run: RunSummary, others: Sequence[RunSummary]) -> str:
    """Name a run by its strategy, with its time of day or its whole name where that distinguishes it from others."""
    return next(name for name in _names(run) if sum(name in _names(other) for other in others) == 1)


def _names(run: RunSummary) -> list[str]:
    """Return what a run can be called, the shortest first; only the last is sure to be its own."""
    from tlviz.finetune.strategies import STRATEGIES

    title = STRATEGIES[run.strategy].title if run.strategy in STRATEGIES else run.strategy
    hour, minute, second = run.run[9:11], run.run[11:13], run.run[13:15]
    return [title, f"{title} {hour}:{minute}", f"{title} {hour}:{minute}:{second}", f"{title} {run.run}"]
