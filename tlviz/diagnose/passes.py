"""The passes that a profile needs, each made once and then read from disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tlviz.data.images import ImageSet, Rows, decode_target
from tlviz.data.sample import PER_CLASS, Chosen, choose_rows
from tlviz.data.sources.target import Target
from tlviz.data.texts.rows import TokenRows
from tlviz.data.texts.source import TextSource
from tlviz.diagnose.feature_cache import cached_pass
from tlviz.diagnose.known_groups import known_groups
from tlviz.diagnose.random_copy import settle_batchnorms
from tlviz.diagnose.request import Request
from tlviz.diagnose.stage_pass import StagePass, run_stages
from tlviz.errors import TlvizError
from tlviz.models.load import Network

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """A decoded sample: ``pixels`` uint8 (n, S, S, 3) in memory, ``labels`` (n,) and ``names`` (n), and how it came.

    ``texts`` (n,) are those of a target of texts.
    Pictures of one of the ``groups`` (n,) know one another: copies, and what the target says belongs together.
    """

    title: str
    classes: tuple[str, ...]
    pixels: Rows
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    names: tuple[str, ...]
    available: int
    notes: tuple[str, ...]
    groups: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    texts: tuple[str, ...] = ()


def sample_of(images: ImageSet, chosen: Chosen) -> Sample:
    """Read the chosen rows of a decoded target into memory."""
    rows = chosen.rows
    names = tuple(images.names[at] for at in rows)
    every, labels = images.rows, images.labels[rows]
    pixels = every.take(rows) if isinstance(every, TokenRows) else np.asarray(every[rows])
    groups, notes = known_groups(pixels, [images.groups[at] for at in rows] if images.groups else [])
    return Sample(
        images.title, images.classes, pixels, labels, names, chosen.available, (*chosen.notes, *notes), groups
    )


def read_sample(request: Request, target: Target, chosen: Chosen, progress: Progress | None = None) -> Sample:
    """Decode a chosen sample; classes of which too few pictures can be opened are left out.

    Raises what ``decode_target`` and ``choose_rows`` raise.
    """
    images = decode_target(request.data, target, request.geometry, progress)
    # The limit has done its work: with so high a one only classes that have become too small go.
    again = choose_rows(images.labels, images.classes, images.parts, PER_CLASS * len(images.labels))
    lost = len(target.names) - len(images.labels)
    what = "One picture" if lost == 1 else f"{lost:,} pictures"
    unread = (f"{what} could not be opened.",) if lost else ()
    sample = sample_of(images, Chosen(again.rows, chosen.available, (*chosen.notes, *unread, *again.notes)))
    texts = {
        name: source.text
        for name, source in zip(target.names, target.sources, strict=True)
        if isinstance(source, TextSource)
    }
    return replace(sample, texts=tuple(texts[name] for name in sample.names)) if texts else sample


def pretrained_pass(
    network: Callable[[], Network], identity: str, pixels: Rows, seed: int, progress: Progress | None = None
) -> StagePass:
    """Return a network's pass over pictures, uint8 (N, S, S, 3); it is asked for only where the pass is not on disk.

    ``identity`` changes with its weights.  Raises ``TlvizError`` where it gives no numbers.
    """
    found = cached_pass(
        f"{identity}|shifts {seed}", pixels, lambda: run_stages(network(), pixels, seed=seed, progress=progress)
    )
    _check(found, "The network gives")
    return found


def random_pass(
    copy: Callable[[], Network], identity: str, pixels: Rows, seed: int, progress: Progress | None = None
) -> StagePass:
    """Return the pass of a random copy whose BatchNorms were settled on the pictures, as ``pretrained_pass``.

    The time reported includes building and settling it.
    """

    def run() -> StagePass:
        begun = time.perf_counter()
        network = copy()
        settle_batchnorms(network, pixels)
        found = run_stages(network, pixels, progress=progress)
        return replace(found, forward_s=time.perf_counter() - begun)

    found = cached_pass(f"{identity}|random {seed}", pixels, run)
    _check(found, "The copy of the network with random weights gives")
    return found


def _check(found: StagePass, who: str) -> None:
    for name, features in found.features.items():
        if not np.isfinite(features).all():
            raise TlvizError(
                f"{who} values at {name} that are not finite, so it cannot be profiled; choose another network or "
                "image size."
            )
