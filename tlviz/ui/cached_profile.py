"""Layer profiles as all pages and tabs share them, and the comparisons that need their networks once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.sources.catalogue import DATASETS
from tlviz.data.sources.exclusions import notes_path
from tlviz.diagnose.records import Contest, Profile
from tlviz.diagnose.request import LIMIT, Request, make_request
from tlviz.errors import TlvizError
from tlviz.home import cache_folder
from tlviz.runs.advice.record import recorded_targets
from tlviz.ui.cached import FOLDER_CHECK_S
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.diagnose.similarity import Similarity


def wanted(model: str, data: str) -> Request:
    """Return what the person wants measured: a network on a target, at most so many images."""
    return make_request(model, data, limit=int(st.session_state.get(Key.SAMPLE) or LIMIT))


def known_profile(model: str, data: str) -> Profile | None:
    """Return the profile of a network on a target as it is now, or None before it is measured."""
    request = wanted(model, data)
    path = notes_path(data)
    return _found(request, path.stat().st_mtime_ns if path.exists() else 0, _profiles_changed())


def measured_targets(model: str) -> list[str]:
    """Return the bundled targets, and those on this machine that a network was measured on, the last one first."""
    return [*DATASETS, *(name for name in recorded_targets(model) if name not in DATASETS and _is_known(model, name))]


def _is_known(model: str, data: str) -> bool:
    try:
        return known_profile(model, data) is not None
    except TlvizError:
        return False  # gone, or changed since


def contests(models: tuple[str, ...], data: str) -> tuple[Contest, ...]:
    """Rank networks by their known profiles of one target, the best first."""
    from tlviz.diagnose.source_ranking import compare_sources

    profiles = [profile for model in models if (profile := known_profile(model, data)) is not None]
    return compare_sources(profiles)


def _profiles_changed() -> int:
    """Return when a profile was last added."""
    folder = cache_folder("profiles")
    return folder.stat().st_mtime_ns if folder.exists() else 0


@st.cache_resource(max_entries=32, ttl=FOLDER_CHECK_S, show_spinner=False)
def _found(request: Request, notes_changed: int, profiles_changed: int) -> Profile | None:
    from tlviz.diagnose.profile_store import find_profile

    return find_profile(request)


@st.cache_resource(max_entries=8, show_spinner=False)
def between(first: Request, second: Request, made: float) -> Similarity:
    """Return the CKA between all stages of two networks on one target; shows a progress bar meanwhile."""
    from tlviz.diagnose.compare import compare_models

    with _Bar("Comparing the networks") as progress:
        return compare_models(first, second, progress)


@st.cache_resource(max_entries=8, show_spinner=False)
def run_drift(run: str, changed_ns: int, request: Request) -> dict[str, float | None]:
    """Return the CKA of each stage of a run's best weights to the pretrained start; shows a progress bar meanwhile."""
    from tlviz.diagnose.compare import compare_with_start
    from tlviz.export.bundle import load_bundle
    from tlviz.runs.store.folder import find_run

    with _Bar("Comparing with the start") as progress:
        return compare_with_start(load_bundle(find_run(run).weights), f"{run}|{changed_ns}", request, progress)


class _Bar:
    """A progress bar with the time left, gone when its block ends."""

    def __init__(self, words: str) -> None:
        self._words, self._bar, self._begun = words, st.empty(), time.monotonic()

    def __enter__(self) -> Callable[[int, int], None]:
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.empty()

    def _show(self, done: int, total: int) -> None:
        left = (time.monotonic() - self._begun) * (total - done) / max(1, done)
        self._bar.progress(done / total, f"{self._words}: {done:,} of {total:,} · {left:.0f} s left")
