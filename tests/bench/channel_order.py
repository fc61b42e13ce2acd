"""Which order of channels shows the picture first: ``python tests/bench/channel_order.py [--images 20]``.

For pictures of clip art and photographs, and every stage: the correlation of a channel's map with where the picture is
not white, or has edges, a mean over the first ten channels of each order, and over all; 1 is the same, 0 unrelated.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Pixels
from tlviz.explore.maps.feature_maps import Order, extract_feature_maps, rank_channels
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network

MODELS = ("squeezenet1_1", "tf_efficientnet_lite0")
FIRST = 10
ORDERS = (Order.STANDING_OUT, Order.STRONGEST, Order.VARIED)
NOT_WHITE = 240


def marked(pixels: Pixels, data: str) -> NDArray[np.float64]:
    """Return where a picture shows something (S, S): what is not white, or the strongest three tenths of its edges."""
    if data == "clipart":
        return (pixels.min(2) < NOT_WHITE).astype(np.float64)
    edges = np.hypot(*np.gradient(pixels.astype(np.float64).mean(2)))
    return (edges > np.quantile(edges, 0.7)).astype(np.float64)


def correlations(maps: NDArray[np.float32], mask: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the correlation of each channel (C, H, W) with a mask (S, S); None where there is nothing to compare."""
    small = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(mask)[None, None], maps.shape[1:])[0, 0].numpy()
    if min(maps.shape[1:]) < 3 or small.std() < 1e-3:
        return None
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    centred = flat - flat.mean(1, keepdims=True)
    shown: NDArray[np.float64] = (centred * (small - small.mean()).ravel()).mean(1) / (
        flat.std(1) * small.std() + 1e-12
    )
    return shown


def main() -> None:
    """Print one row a stage and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20)
    count = parser.parse_args().images
    for model in MODELS:
        spec = find_model(model)
        network = load_network(spec)
        for data in ("clipart", "photos"):
            images = load_images(data, Geometry.of(spec.preprocessing, spec.preprocessing.size))
            found: dict[str, list[list[float]]] = {}
            for row in np.linspace(0, len(images.labels) - 1, count).astype(int):
                pixels = np.asarray(images.pixels[int(row)])
                mask = marked(pixels, data)
                for stage, maps in extract_feature_maps(network, pixels).maps.items():
                    if (shown := correlations(maps, mask)) is not None:
                        firsts = [shown[rank_channels(maps, order)[:FIRST]].mean() for order in ORDERS]
                        found.setdefault(stage, []).append([*firsts, shown.mean()])
            rows = {stage: np.mean(values, axis=0) for stage, values in found.items()}
            sys.stdout.write(f"{model} on {data}: {', '.join(ORDERS)}, all\n")
            for stage, values in (*rows.items(), ("mean", np.mean(list(rows.values()), axis=0))):
                sys.stdout.write(f"{stage:>12} {' '.join(f'{value:6.2f}' for value in values)}\n")


if __name__ == "__main__":
    main()
