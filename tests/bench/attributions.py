"""How fast attributions are, and whether they lie on the object: ``python tests/bench/attributions.py``.

Timings are medians of five at 224 pixels beside the passes that cannot be saved.  For the second part the bundled
photographs are cut out on white, so the object is what is not near-white: for every method and stage the share of the
positive mass that lies on the object divided by the object's share of the picture, and how often the map's highest
point lies on it (the pointing game), beside maps of pure chance.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TLVIZ_HOME", tempfile.mkdtemp())

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.data.images import ImageSet, load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels
from tlviz.explore.attribution.applicability import unavailable
from tlviz.explore.attribution.attributions import attribute, sweep
from tlviz.explore.attribution.context import first_batch, pieces, to_inputs
from tlviz.explore.attribution.methods import METHODS, STEPS, Method
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network

MODELS = ("squeezenet1_1", "tf_efficientnet_lite0")
ROUNDS = 5
NEAR_WHITE = 235
PICTURE = "the picture itself"
DEAR = 60
"""Methods of more passes than this are measured on fewer photographs."""

Map = NDArray[np.float32]
Found = dict[tuple[str, str], list[tuple[float, bool]]]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def medians(*works: Callable[[], object]) -> list[float]:
    """Time the works in turn, five times each after a first of no account."""
    for work in works:
        work()
    rounds = [[timed(work) for work in works] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def back_and_forth(network: Network, pixels: Pixels, count: int, batch: int) -> None:
    """Run so many pictures forward and back to their pixels in batches."""
    for size in pieces(count, batch):
        inputs = to_inputs(network, pixels).repeat(size, 1, 1, 1).requires_grad_()
        torch.autograd.grad(network.module(inputs)[:, 0].sum(), inputs)


def timings(network: Network, pixels: Pixels) -> None:
    for parameter in network.module.parameters():
        parameter.requires_grad_(False)
    batch = first_batch(network, len(pixels))
    one, cams, many, integrated = medians(
        lambda: back_and_forth(network, pixels, 1, 1),
        lambda: sweep(network, pixels, Method.GRAD_CAM),
        lambda: back_and_forth(network, pixels, STEPS, batch),
        lambda: attribute(network, pixels, Method.INTEGRATED_GRADIENTS),
    )
    print(
        f"{network.spec.title}: Grad-CAM at all stages {cams * 1000:.0f} ms, {cams / one:.2f} times a pass forward and "
        f"back; Integrated Gradients {integrated:.2f} s, {integrated / many:.2f} times its {STEPS} passes.",
        flush=True,
    )


def on_object(values: Map, mask: NDArray[np.bool_]) -> tuple[float, bool] | None:
    """Return (share of positive mass on the object / its share of the picture, whether the highest point is on it)."""
    positive = np.maximum(values, 0).astype(np.float64)
    if not positive.sum():
        return None
    share = positive[mask].sum() / positive.sum() / mask.mean()
    return float(share), bool(mask.ravel()[int(positive.argmax())])


def stratified(images: ImageSet, count: int) -> list[int]:
    """Return rows spread evenly over the classes, the same in every run."""
    generator = np.random.default_rng(0)
    rows = [generator.permutation(np.flatnonzero(images.labels == label)) for label in range(len(images.classes))]
    longest = max(map(len, rows))
    turns = [int(row[at]) for at in range(longest) for row in rows if at < len(row)]
    return turns[:count]


def look_at(network: Network, pixels: Pixels, methods: Sequence[Method], found: Found) -> None:
    mask = pixels.min(axis=-1) < NEAR_WHITE
    if not mask.any() or mask.all():
        return

    def note(name: str, stage: str, values: Map) -> None:
        result = on_object(values, mask)
        if result is not None:
            found[name, stage].append(result)

    for method in methods:
        title = METHODS[method].title
        if not METHODS[method].at_stage:
            note(title, PICTURE, attribute(network, pixels, method).map)
        if METHODS[method].sweeps:
            for stage, attribution in sweep(network, pixels, method).items():
                note(title, stage, attribution.map)
    note("Chance", PICTURE, np.random.default_rng(int(mask.sum())).random(mask.shape, dtype=np.float32))


def objects(network: Network, images: ImageSet, count: int, dear: int) -> None:
    away = unavailable(network)
    methods = [method for method in METHODS if method not in away]
    found: Found = defaultdict(list)
    for at, row in enumerate(stratified(images, count)):
        chosen = [m for m in methods if at < dear or METHODS[m].passes <= DEAR]
        look_at(network, np.asarray(images.pixels[row]), chosen, found)
    print(f"\n{network.spec.title}\n\n| method | stage | mass on object / area | pointing game | photos |")
    print("|---|---|---|---|---|")
    for (name, stage), results in found.items():
        ratio, hits = statistics.median(r for r, _ in results), statistics.mean(hit for _, hit in results)
        print(f"| {name} | {stage} | {ratio:.2f} | {hits:.0%} | {len(results)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--dear", type=int, default=24, help="Photographs for methods of many passes.")
    parser.add_argument("--only", choices=("timings", "objects"))
    parser.add_argument("--model", choices=MODELS)
    chosen = parser.parse_args()
    for name in MODELS if chosen.model is None else (chosen.model,):
        spec = find_model(name)
        size = 224
        images = load_images("photos", Geometry(size, Fit.PAD, spec.preprocessing.interpolation, 1.0))
        network = load_network(spec, size=size)
        if chosen.only != "objects":
            timings(network, np.asarray(images.pixels[0]))
        if chosen.only != "timings":
            objects(network, images, chosen.photos, chosen.dear)


if __name__ == "__main__":
    main()
