"""Two networks on the same images, and a tuned one beside its pretrained start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tlviz.data.images import Rows
from tlviz.data.sample import sample_target
from tlviz.diagnose.features import Features
from tlviz.diagnose.passes import Sample, pretrained_pass, read_sample
from tlviz.diagnose.request import Request
from tlviz.diagnose.similarity import Similarity, drift, stage_similarity
from tlviz.errors import BadSettingError
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.models.local_weights import weights_stamp

Progress = Callable[[int, int], None]


def compare_models(first: Request, second: Request, progress: Progress | None = None) -> Similarity:
    """Return the debiased linear CKA of the stages of two pretrained networks: rows are the first one's stages.

    Where both were profiled before, their features are on disk.  Raises ``BadSettingError`` where the requests are not
    for the same images, and what ``sample_target`` and ``decode_target`` raise.
    """
    if (first.data, first.limit) != (second.data, second.limit):
        raise BadSettingError("Two networks can only be compared on the same images; choose one target and limit.")
    one, two = (_sample(request) for request in (first, second))
    return stage_similarity(_features(first, one.pixels, progress), _features(second, two.pixels, progress))


def compare_with_start(
    tuned: Network, identity: str, request: Request, progress: Progress | None = None
) -> dict[str, float | None]:
    """Return {stage: debiased linear CKA} of a tuned network and the pretrained one of a request, on its sample.

    1 is unchanged.  ``identity`` changes with the tuned weights, such as a run's name.
    """
    sample = _sample(request)
    seen = pretrained_pass(lambda: tuned, f"tuned|{identity}", sample.pixels, request.seed, progress)
    return drift(seen.features, _features(request, sample.pixels, progress))


def _sample(request: Request) -> Sample:
    return read_sample(request, *sample_target(request.data, request.limit, request.read_as))


def _features(request: Request, pixels: Rows, progress: Progress | None) -> Mapping[str, Features]:
    spec = find_model(request.model)
    load = partial(load_network, spec, size=request.image_size)
    return pretrained_pass(load, weights_stamp(spec), pixels, request.seed, progress).features
