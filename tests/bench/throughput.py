"""Images a second beside the tutorial's loop and the bare compute bound: ``python tests/bench/throughput.py``.

The bound trains the same network on one batch of random numbers that lies on the device already: no reading, no
augmentation, no events.  The network has random weights, so that nothing is downloaded; pictures are made up.  Runs on
whatever device there is.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from tests.bench.speed import in_a_process  # noqa: E402
from tlviz.export.bundle import bundle_bytes  # noqa: E402
from tlviz.finetune.config import FinetuneConfig, configure  # noqa: E402
from tlviz.finetune.device import choose_device, precision, prepare_torch  # noqa: E402
from tlviz.models.catalogue import find_model  # noqa: E402
from tlviz.models.load import build_for_target  # noqa: E402
from tlviz.runs.launch import WORKER_SETTINGS  # noqa: E402

STRATEGIES = ("full", "last_stages")
CLASSES = ("ash", "birch", "cedar", "elm")
STEPS, WARM_UP = 30, 10


def write_pictures(folder: Path, count: int, size: int) -> None:
    """Write JPEG files of soft random colours, a quarter larger than the network's input, one folder a class."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / CLASSES[number % len(CLASSES)]
        place.mkdir(parents=True, exist_ok=True)
        soft = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        soft.resize((size * 5 // 4,) * 2, Image.Resampling.BICUBIC).save(place / f"{number:05}.jpg")


def write_weights(path: Path, model: str, size: int) -> None:
    """Write a network with random weights and the source's number of classes as a checkpoint."""
    spec = find_model(model)
    classes = tuple(f"class {number}" for number in range(1000))
    network = build_for_target(spec, classes, pretrained=False, seed=0, size=size)
    config = configure(model, "photos", "full", image_size=size)
    path.write_bytes(bundle_bytes(network, config, {}))


def bound(settings: dict[str, Any]) -> float:
    """Return the images a second that the device computes, forward, backward and update, and nothing else."""
    config = FinetuneConfig.from_json(settings)
    prepare_torch(config.threads, deterministic=False)
    device = choose_device(config.device)
    spec = find_model(config.model)
    network = build_for_target(spec, CLASSES, pretrained=False, seed=0, size=config.image_size)
    module = network.module.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(module.parameters(), 1e-6, fused=True)
    shape = (config.batch_size, 3, config.image_size, config.image_size)
    pictures = torch.randn(shape, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(len(CLASSES), (config.batch_size,), device=device)
    seconds = []
    for _ in range(WARM_UP + STEPS):
        begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with precision(device):
            logits = module(pictures)
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begun)
    return config.batch_size / statistics.median(seconds[WARM_UP:])


def bound_in_a_process(settings: dict[str, Any]) -> float:
    """Measure the bound in a process of its own."""
    command = [sys.executable, __file__, "--bound", json.dumps(settings)]
    env = WORKER_SETTINGS | os.environ
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def main() -> None:
    """Measure both strategies and print them as one JSON object; the first epoch, which warms up, does not count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--bound", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bound:
        print(bound(json.loads(chosen.bound)))
        return
    found: dict[str, Any] = {"device": str(choose_device(configure("squeezenet1_1", "photos", "full").device))}
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    with tempfile.TemporaryDirectory() as room:
        pictures, weights = Path(room) / "pictures", Path(room) / "random.safetensors"
        write_pictures(pictures, chosen.images, chosen.image_size)
        write_weights(weights, chosen.model, chosen.image_size)
        values = {"image_size": chosen.image_size, "batch_size": chosen.batch_size, "epochs": chosen.epochs}
        for strategy in STRATEGIES:
            settings = configure(str(weights), str(pictures), strategy, patience=1000, **values).to_json()
            results = {kind: in_a_process(kind, settings) for kind in ("ours", "tutorial")}
            row = {kind: statistics.median(result["images_per_s"][1:]) for kind, result in results.items()}
            row |= {f"{kind}_s": result["seconds"] for kind, result in results.items()}
            row["ratio"] = row["ours"] / row["tutorial"]
            if strategy == "full":
                row["bound"] = bound_in_a_process(settings)
                row["share_of_bound"] = row["ours"] / row["bound"]
            found[strategy] = {name: round(value, 3) for name, value in row.items()}
            print(f"{strategy}: {found[strategy]}", file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
