"""How alike two networks see one target's images: two pretrained ones, or a tuned one and its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tlviz.data.pictures import Pixels
from tlviz.data.sample import decode_sample, sample_target
from tlviz.diagnose.feature_cache import cached_pass
from tlviz.diagnose.features import Features
from tlviz.diagnose.request import Request
from tlviz.diagnose.similarity import Similarity, drift, stage_similarity
from tlviz.diagnose.stage_pass import run_stages
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.models.places import weights_stamp

Progress = Callable[[int, int], None]


def similarity_between(first: Request, second: Request, progress: Progress | None = None) -> Similarity:
    """Return the debiased linear CKA of all stages of one network (rows) and another one on the same sample.

    Raises ``TlvizError`` where the target or a network cannot be read.
    """
    return stage_similarity(
        pretrained_features(first, _pixels(first), progress), pretrained_features(second, _pixels(second), progress)
    )


def drift_from_start(tuned: Network, request: Request, progress: Progress | None = None) -> dict[str, float | None]:
    """Return {stage: debiased linear CKA} of a tuned network to its pretrained start, on the request's sample.

    Raises ``TlvizError`` where the target or the network cannot be read.
    """
    pixels = _pixels(request)
    return drift(run_stages(tuned, pixels, progress=progress).features, pretrained_features(request, pixels, progress))


def pretrained_features(request: Request, pixels: Pixels, progress: Progress | None = None) -> Mapping[str, Features]:
    """Return {stage: features (N, D)} of a pretrained network, from disk where its profile left them."""
    spec = find_model(request.model)
    return cached_pass(
        f"{weights_stamp(spec)}|shifts {request.seed}",
        pixels,
        lambda: run_stages(load_network(spec, size=request.image_size), pixels, seed=request.seed, progress=progress),
    ).features


def _pixels(request: Request) -> Pixels:
    sample, _ = sample_target(request.data, request.limit)
    return np.asarray(decode_sample(request.data, sample, request.geometry).pixels)
