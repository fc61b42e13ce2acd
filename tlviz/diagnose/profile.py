"""The layer profile: what every stage of a network is worth on a target, from one pass and one of a random copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from tlviz.data.images import ImageSet, Rows, decode_target, open_target
from tlviz.data.sample import choose_rows, sample_target
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.reading import need_answers
from tlviz.data.texts.rows import TokenRows
from tlviz.data.texts.source import TextForm
from tlviz.diagnose.advice import advise
from tlviz.diagnose.early import Early
from tlviz.diagnose.passes import Sample, pretrained_pass, random_pass, read_sample, sample_of
from tlviz.diagnose.probing import Asked, Probing, probe_tasks
from tlviz.diagnose.profile_store import load_profile, profile_path, save_profile
from tlviz.diagnose.random_copy import random_copy
from tlviz.diagnose.rate_trial import try_rates
from tlviz.diagnose.records import Profile, StageProfile
from tlviz.diagnose.request import Request
from tlviz.diagnose.similarity import stage_similarity
from tlviz.diagnose.stage_gradients import stage_gradients
from tlviz.diagnose.stage_measures import Evidence, against_best, measure_stage
from tlviz.diagnose.stage_pass import StagePass
from tlviz.diagnose.stage_probes import StageProbes
from tlviz.diagnose.worth import summarise_stages
from tlviz.errors import BadDatasetError
from tlviz.measures.balanced import Ints
from tlviz.medium import WORDS
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.models.local_weights import weights_stamp

TEXTS_LIKE_SOURCE = 400
"""So many texts stand for the source; more would cost time and say no more."""
DRAWS = 3
"""Random weights are drawn this often: a single draw is off by several points."""
Progress = Callable[[str, int, int], None]
CopyAtRandom = Callable[[Network, int, int], Network]


@dataclass(frozen=True, slots=True)
class _Passes:
    """What the networks saw: ``photographs`` is None where they are the target."""

    pretrained: StagePass
    randoms: Sequence[StagePass]
    probes: StageProbes
    photographs: StagePass | None
    gradients: Sequence[float]


def profile_target(request: Request, progress: Progress | None = None, early: Early | None = None) -> Profile:
    """Return the profile of a network on a target, from disk where it was made before; only the sample is decoded.

    ``progress`` is called with the step, how much of it is done and its total, and may raise to end it; ``early`` hears
    of each stage's probe as soon as it is made.
    Raises ``TlvizError`` with one sentence where the target or the network cannot be profiled.
    """
    target, chosen = sample_target(request.data, request.limit, request.read_as)
    path = profile_path(request, target)
    stored = load_profile(path)
    if stored is not None:
        return stored
    need_answers(target.reading)
    tell = progress or _silent
    spec = find_model(request.model)
    sample = read_sample(request, target, chosen, partial(tell, "reading pictures"))
    network = load_network(spec, size=request.image_size)
    found = _profile(network, sample, request, tell, weights_stamp(spec), random_copy, early)
    save_profile(path, found)
    return found


def profile(
    network: Network,
    images: ImageSet,
    request: Request,
    progress: Progress | None = None,
    *,
    identity: str,
    copy: CopyAtRandom = random_copy,
) -> Profile:
    """Return the profile of a network in memory on decoded images, at most ``request.limit`` of them.

    ``identity`` changes with the network's weights; ``copy`` builds the random one from network, size and seed.
    Raises ``TlvizError`` as ``profile_target``.
    """
    chosen = choose_rows(images.labels, images.classes, images.parts, request.limit)
    return _profile(network, sample_of(images, chosen), request, progress or _silent, identity, copy)


def source_like(request: Request, progress: Callable[[int, int], None] | None = None) -> Rows:
    """Return the bundled items that stand for the source, all of them.  Raises what ``decode_target`` raises."""
    name = request.modality.reference
    rows = decode_target(name, open_target(name), request.geometry, progress).rows
    if isinstance(rows, TokenRows):
        return rows.take(np.linspace(0, len(rows) - 1, min(TEXTS_LIKE_SOURCE, len(rows))).round().astype(np.int64))
    return np.asarray(rows)


def _profile(
    network: Network,
    sample: Sample,
    request: Request,
    tell: Progress,
    identity: str,
    copy: CopyAtRandom,
    early: Early | None = None,
) -> Profile:
    begun = time.perf_counter()
    _need_differences(sample, request)
    _, labels = np.unique(sample.labels, return_inverse=True)
    probes = StageProbes(labels, sample.groups, early)
    passes = _run(network, sample.pixels, labels, request, tell, identity, copy, probes)
    names = [stage.name for stage in network.stages[:-1]]
    with threadpool_limits(1, "blas"):  # threads cost small matrices more than they bring
        stages = _measure(names, passes, labels, request.seed, tell, sample.groups)
        similarity = stage_similarity(passes.pretrained.features)
        trial = try_rates(passes.pretrained.features[names[-1]], labels, sample.groups, request.seed)
    probing = _probing(network, sample, labels, request, passes, tell, identity, copy)
    chance = 1 / (int(labels.max()) + 1)
    has_batchnorm = bool(passes.pretrained.shifts)
    return Profile(
        model=request.model,
        data=request.data,
        title=sample.title,
        image_size=request.image_size,
        limit=request.limit,
        seed=request.seed,
        images=len(sample.names),
        available=sample.available,
        classes=sample.classes,
        names=sample.names,
        labels=tuple(sample.labels.tolist()),
        chance=chance,
        stages=stages,
        similarity=similarity,
        shift_against=_against(request, has_batchnorm=has_batchnorm, is_reference=passes.photographs is None),
        has_batchnorm=has_batchnorm,
        head_lr=trial.chosen,
        advice=advise(stages, chance=chance, trial=trial, has_batchnorm=has_batchnorm),
        summary=summarise_stages(stages, chance, has_batchnorm=has_batchnorm),
        notes=sample.notes,
        duration_s=time.perf_counter() - begun,
        forward_s=passes.pretrained.forward_s + sum(random.forward_s for random in passes.randoms),
        probing=probing,
        rate_trial=trial,
    )


def _need_differences(sample: Sample, request: Request) -> None:
    """Raise ``BadDatasetError`` where all items of a sample are the same."""
    if _all_alike(sample.pixels):
        several = WORDS[request.modality.medium].several
        raise BadDatasetError(
            f"All {several} of the sample are identical, so there is nothing to measure; choose another target."
        )


def _probing(
    network: Network,
    sample: Sample,
    labels: Ints,
    request: Request,
    passes: _Passes,
    tell: Progress,
    identity: str,
    copy: CopyAtRandom,
) -> Probing:
    """Probe for the built-in tasks where the sample has sentences to make them from."""
    form = request.geometry
    if not sample.texts or not isinstance(form, TextForm):
        return {}
    asked = Asked(sample.texts, labels, sample.groups, form, request.seed)
    seen = (passes.pretrained, passes.randoms)
    return probe_tasks(network, asked, seen, lambda draw: copy(network, form.size, draw), identity, tell)


def _run(
    network: Network,
    pixels: Rows,
    labels: Ints,
    request: Request,
    tell: Progress,
    identity: str,
    copy: CopyAtRandom,
    probes: StageProbes,
) -> _Passes:
    """Make the passes that are not on disk yet.  Raises ``TlvizError`` where one gives no numbers."""
    seed = request.seed
    side = request.image_size if isinstance(pixels, TokenRows) else pixels.shape[1]
    first = pretrained_pass(lambda: network, identity, pixels, seed, partial(tell, "pretrained network"))
    probes.add_pretrained(first.features)
    at_random = []
    for at, draw in enumerate(range(seed, seed + DRAWS), 1):
        told = partial(tell, f"random weights {at} of {DRAWS}")
        at_random.append(random_pass(partial(copy, network, side, draw), identity, pixels, draw, told))
        probes.add_random(at_random[-1].features)
    third = None
    if request.data != request.modality.reference:
        near = source_like(request, partial(tell, "reading photographs"))
        third = pretrained_pass(lambda: network, identity, near, seed, partial(tell, "photographs"))
    last = first.features[network.stages[-2].name]
    gradients = stage_gradients(network, pixels, last, labels, partial(tell, "gradients"))
    return _Passes(first, at_random, probes, third, gradients)


def _measure(
    names: Sequence[str], passes: _Passes, labels: Ints, seed: int, tell: Progress, groups: Ints
) -> tuple[StageProfile, ...]:
    found = []
    for at, name in enumerate(names):
        tell("measuring", at, len(names))
        evidence = Evidence(
            name=name,
            target=passes.pretrained.features[name],
            randoms=[random.features[name] for random in passes.randoms],
            photographs=None if passes.photographs is None else passes.photographs.features[name],
            shift=passes.pretrained.shifts.get(name),
            has_batchnorm=bool(passes.pretrained.shifts),
            relative_gradient=passes.gradients[at],
            probed=passes.probes.of(name),
        )
        found.append(measure_stage(evidence, labels, seed, groups))
    tell("measuring", len(names), len(names))
    return against_best(found, labels)


def _all_alike(items: Rows) -> bool:
    rows = np.asarray(items)
    return bool((rows == rows[:1]).all())


def _against(request: Request, *, has_batchnorm: bool, is_reference: bool) -> str:
    if has_batchnorm:
        return "the source statistics stored in BatchNorm"
    known = request.modality
    return "" if is_reference else f"the bundled {known.reference_words} ({SHIPPED[known.reference].title})"


def _silent(_doing: str, _done: int, _total: int) -> None:
    return
