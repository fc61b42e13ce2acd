"""Layer profiles as all pages and tabs share them, and the comparisons that need their networks once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.images import ImageSet, decode_target
from tlviz.data.sample import sample_target
from tlviz.diagnose.records import Contest, Profile
from tlviz.diagnose.request import LIMIT, Request, make_request
from tlviz.errors import TlvizError
from tlviz.home import cache_folder
from tlviz.modality import shipped_for
from tlviz.runs.advice.record import recorded_targets
from tlviz.ui.cached.networks import changed_at, run_network, stamp
from tlviz.ui.cached.targets import FOLDER_CHECK_S, notes_changed
from tlviz.ui.cached.working import Bar
from tlviz.ui.state import Key

if TYPE_CHECKING:
    from tlviz.diagnose.similarity import Similarity


def wanted(model: str, data: str) -> Request:
    """Return what the person wants measured: a network on a target, at most ``limit`` images."""
    return make_request(model, data, limit=int(st.session_state.get(Key.SAMPLE) or LIMIT))


def known_profile(model: str, data: str) -> Profile | None:
    """Return the profile of a network on a target as it is now, or None before it is measured."""
    request = wanted(model, data)
    return _found(request, stamp(model), notes_changed(data), changed_at(cache_folder("profiles")))


def measured_targets(model: str) -> list[str]:
    """Return the bundled targets, and those on this machine that a network was measured on, the last one first."""
    ships = shipped_for(model)
    return [*ships, *(name for name in recorded_targets(model) if name not in ships and _is_known(model, name))]


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


@st.cache_resource(max_entries=32, ttl=FOLDER_CHECK_S, show_spinner=False)
def _found(request: Request, stamp: str, notes_changed: int, profiles_changed: int) -> Profile | None:
    from tlviz.diagnose.profile_store import find_profile

    return find_profile(request)


def sample_images(profile: Profile) -> ImageSet:
    """Return the pictures that a profile looked at, as it saw them; measuring has left them decoded."""
    request = make_request(profile.model, profile.data, image_size=profile.image_size, limit=profile.limit)
    return _sample_images(request, notes_changed(profile.data))


@st.cache_resource(max_entries=4, ttl=FOLDER_CHECK_S, show_spinner=False)
def _sample_images(request: Request, notes_changed: int) -> ImageSet:
    target, _ = sample_target(request.data, request.limit, request.read_as)
    with Bar("Reading pictures") as progress:
        return decode_target(request.data, target, request.geometry, progress)


def between(first: Request, second: Request) -> Similarity:
    """Return the CKA between all stages of two networks on one target; shows a progress bar meanwhile."""
    return _between(first, second, (stamp(first.model), stamp(second.model)), notes_changed(first.data))


@st.cache_resource(max_entries=8, show_spinner=False)
def _between(first: Request, second: Request, stamps: tuple[str, str], notes_changed: int) -> Similarity:
    from tlviz.diagnose.compare import compare_models

    with Bar("Comparing the networks") as progress:
        return compare_models(first, second, progress)


def run_drift(run: str, request: Request) -> dict[str, float | None]:
    """Return the CKA of each stage of a run's best weights to the pretrained start; shows a progress bar meanwhile."""
    return _run_drift(run, stamp(request.model, run), stamp(request.model), request)


@st.cache_resource(max_entries=8, show_spinner=False)
def _run_drift(run: str, tuned_stamp: str, stamp: str, request: Request) -> dict[str, float | None]:
    from tlviz.diagnose.compare import compare_with_start

    with Bar("Comparing with the start") as progress:
        return compare_with_start(run_network(run), tuned_stamp, request, progress)
