"""What finding every channel's top images costs: ``python tests/bench/channels.py [--images 500] [--model NAME]``.

For the first, a middle and the last stage of the backbone, the head, and all stages at once: the time of
``top_images_of_stages`` with an empty cache, divided by one plain forward pass of the whole network over the same
pictures in the same batches.  Both in turn, medians of three.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch

from tlviz.data.images import ImageSet, load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.lazy_rows import PixelRows
from tlviz.data.pixels.pictures import Fit
from tlviz.explore.channels.top_images import BATCH, top_images_of_stages
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network, normalise

MODELS = ("squeezenet1_1", "tf_efficientnet_lite0")
ROUNDS = 3
LIMIT = 1.5


def repeated(images: ImageSet, count: int) -> ImageSet:
    """Return so many images of a target, which is gone through again where it has fewer."""
    rows = np.arange(count) % len(images.labels)
    return replace(
        images,
        pixels=PixelRows(images.pixels, rows),
        labels=images.labels[rows],
        parts=tuple(images.parts[at] for at in rows),
        names=tuple(images.names[at] for at in rows),
    )


def forward_pass(network: Network, images: ImageSet) -> None:
    """Run all pictures through the whole network once and keep nothing."""
    for at in range(0, len(images.labels), BATCH):
        pixels = torch.from_numpy(np.array(images.pixels[at : at + BATCH]))
        with torch.no_grad():
            network.module(normalise(pixels, network.spec.preprocessing))


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def find_tops(network: Network, images: ImageSet, stages: Sequence[str]) -> None:
    """Look for top images in a home where nothing is known."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLVIZ_HOME"] = home
        top_images_of_stages(network, images, stages)


def measure(network: Network, images: ImageSet) -> None:
    """Print the cost of each question in forward passes."""
    names = [stage.name for stage in network.stages]
    first, middle, last, head = names[0], names[(len(names) - 1) // 2], names[-2], names[-1]
    forward_pass(network, images)
    for words, stages in (*((name, [name]) for name in (first, middle, last, head)), ("all stages", names)):
        plain, found = [], []
        for _ in range(ROUNDS):
            plain.append(seconds(lambda: forward_pass(network, images)))
            found.append(seconds(lambda stages=stages: find_tops(network, images, stages)))
        one, tops = statistics.median(plain), statistics.median(found)
        print(
            f"{network.spec.title}, {words}: {tops:.1f} s over {len(images.labels)} images, {tops / one:.2f} forward "
            f"passes ({one:.1f} s){f', limit {LIMIT}' if len(stages) == 1 else ''}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--model", choices=MODELS)
    chosen = parser.parse_args()
    for name in MODELS if chosen.model is None else (chosen.model,):
        with tempfile.TemporaryDirectory() as home:
            os.environ["TLVIZ_HOME"] = home
            spec = find_model(name)
            size = spec.preprocessing.size
            images = load_images("photos", Geometry(size, Fit.PAD, spec.preprocessing.interpolation, 1.0))
            network = load_network(spec, size=size)
            measure(network, repeated(images, chosen.images))


if __name__ == "__main__":
    main()
