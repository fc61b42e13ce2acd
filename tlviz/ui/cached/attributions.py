"""Attributions that the pages share: computed once with a bar and Cancel, then at hand for every tab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.api.pictures import fit_pixels
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.attribution.methods import METHODS, Baseline, Method, NotApplicable
from tlviz.ui.cached.looks import digest
from tlviz.ui.cached.networks import network, stamp
from tlviz.ui.cached.working import Sketch, computed

if TYPE_CHECKING:
    from tlviz.explore.attribution.attributions import Attribution

SLOW_PASSES = 40
"""This many forward passes may take over two seconds: there is a button to cancel them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its classes as numbers, to the pretrained network or to a run's."""

    model: str
    run: str
    method: Method
    target: int | None
    contrast: int | None
    baseline: Baseline

    def key(self, what: str, pixels: Pixels) -> tuple[object, ...]:
        """Return what distinguishes this question about a picture from all others."""
        return (what, self, stamp(self.model, self.run), digest(pixels))

    @property
    def is_slow(self) -> bool:
        """Return whether the answer may take over two seconds."""
        return METHODS[self.method].passes >= SLOW_PASSES


def explained(asked: Asked, pixels: Pixels, draw: Sketch | None = None) -> Attribution | None:
    """Return the map of a method at the picture itself; None where the person cancelled it.

    ``draw`` shows the map so far, of methods that work in steps.
    """
    from tlviz.explore.attribution.attributions import attribute

    subject = network(asked.model, asked.run)
    return computed(
        asked.key("map", pixels),
        METHODS[asked.method].title,
        lambda progress, sketch: attribute(
            subject, fit_pixels(subject, pixels), asked.method, target=asked.target, contrast=asked.contrast,
            baseline=asked.baseline, progress=progress, sketch=sketch,
        ),
        is_slow=asked.is_slow,
        name=f"map_{asked.run}",
        draw=draw,
    )  # fmt: skip


def swept(asked: Asked, pixels: Pixels) -> dict[str, Attribution] | None:
    """Return the maps of a method at every stage; None where the person cancelled them."""
    from tlviz.explore.attribution.attributions import sweep

    subject = network(asked.model, asked.run)
    return computed(
        asked.key("sweep", pixels),
        f"{METHODS[asked.method].title} at every stage",
        lambda progress, _sketch: sweep(
            subject, fit_pixels(subject, pixels), asked.method, target=asked.target, contrast=asked.contrast,
            baseline=asked.baseline, progress=progress,
        ),
        is_slow=asked.is_slow,
        name=f"sweep_{asked.run}",
    )  # fmt: skip


def unavailable(model: str) -> dict[Method, NotApplicable]:
    """Return which methods a network does not allow, and why."""
    return _unavailable(model, stamp(model))


@st.cache_data(max_entries=32, show_spinner="Examining the network …")
def _unavailable(model: str, stamp: str) -> dict[Method, NotApplicable]:
    from tlviz.explore.attribution.applicability import unavailable as examined

    return examined(network(model))
