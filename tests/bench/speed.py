"""How fast fine-tuning is beside the tutorial's loop, and how near to its floor: ``python -m tlviz bench``.

Every figure is one process of its own, its clock running from before decoding and after imports, with a TLVIZ_HOME of
its own; ours and the tutorial's take turns.  The floor is the least a run can cost: the frozen stages once over every
picture, what trains forward and backward in every epoch, both on random numbers of the same shapes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("squeezenet1_1", "tf_efficientnet_lite0")
SEVEN = ("head_only", "last_stages", "two_phase", "gradual", "discriminative", "full", "from_scratch")
TARGETS = {"head_only": 10.0, "last_stages": 3.0, "two_phase": 1.7, "full": 1.25, "all": 1.7}
"""How many times faster than the tutorial's loop each case must be."""


@dataclass(frozen=True)
class Case:
    """A network and the strategies that run one after another."""

    name: str
    model: str
    strategies: tuple[str, ...]
    target: float


CASES = {
    f"{name}-{model}": Case(f"{name}-{model}", model, SEVEN if name == "all" else (name,), target)
    for model in MODELS
    for name, target in TARGETS.items()
}


sys.path.insert(0, str(ROOT))


def settings_of(model: str, strategy: str, data: str, epochs: int, seed: int) -> dict[str, Any]:
    """Return a run's settings: the defaults, early stopping off."""
    from tlviz.finetune.config import configure

    chosen = {"image_size": 128, "epochs": epochs, "patience": 1000, "seed": seed}
    return configure(model, data, strategy, **chosen).to_json()


def ours(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the job of the worker, gauges, events and saved weights included."""
    from tlviz.jobs.finetune import execute
    from tlviz.jobs.job import Job
    from tlviz.runs.folder import create_run

    begun = time.perf_counter()
    run = create_run("finetune", "bench", settings)
    results = execute(Job(run), settings)
    seconds = time.perf_counter() - begun
    gauges_s = sum(event["duration_s"] for event in run.events() if event["event"] == "gauged")
    curve = [event["val_accuracy"] for event in run.events() if event["event"] == "epoch"]
    return {"seconds": seconds, "accuracy": results["best_val_accuracy"], "gauges_s": gauges_s, "curve": curve}


def tutorial(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the tutorial's loop."""
    from tests.bench.tutorial import train_by_tutorial
    from tlviz import vision
    from tlviz.export.bundle import geometry_of
    from tlviz.finetune.config import FinetuneConfig

    vision.transforms()
    config = FinetuneConfig.from_json(settings)
    folder = ROOT / "assets" / "datasets" / config.data if config.data in ("photos", "clipart") else Path(config.data)
    begun = time.perf_counter()
    accuracy = train_by_tutorial(config, folder, geometry_of(config))
    return {"seconds": time.perf_counter() - begun, "accuracy": accuracy}


def floor(settings: dict[str, Any]) -> dict[str, Any]:
    """Time what a run cannot do without, phase by phase, on random numbers."""
    import numpy as np
    import torch

    from tlviz.data.images import load_images
    from tlviz.data.splits import split_images
    from tlviz.export.bundle import geometry_of
    from tlviz.finetune.cache import CHUNK
    from tlviz.finetune.config import FinetuneConfig
    from tlviz.finetune.device import prepare_torch
    from tlviz.finetune.dropout import quicken_dropout
    from tlviz.finetune.freezing import set_trainable, train_mode
    from tlviz.finetune.plan import plan_phases
    from tlviz.finetune.scoring import EVAL_BATCH
    from tlviz.finetune.strategies import find_strategy
    from tlviz.models.catalogue import find_model
    from tlviz.models.load import build_for_target
    from tlviz.models.split import split_network

    config = FinetuneConfig.from_json(settings)
    prepare_torch(config.threads, deterministic=False)
    images = load_images(config.data, geometry_of(config))
    split = split_images(images.labels, images.parts, config.seed)
    train, held = len(split.train), len(split.validation)
    pretrained = find_strategy(config.strategy).pretrained
    spec, size = find_model(config.model), config.image_size
    network = build_for_target(spec, images.classes, pretrained=pretrained, seed=config.seed, size=size)
    quicken_dropout(network.module)
    phases = plan_phases(config, network.stages)
    ends = [phase.first_epoch for phase in phases[1:]] + [config.epochs + 1]
    total = 0.0

    def random_batches(count: int, size: int, shape: tuple[int, ...]) -> list[torch.Tensor]:
        made = [torch.randn(len(part), *shape) for part in np.array_split(range(count), math.ceil(count / size))]
        return [b.contiguous(memory_format=torch.channels_last) if b.ndim == 4 else b for b in made]

    def timed(work: Callable[[], object]) -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    for phase, end in zip(phases, ends, strict=True):
        epochs = end - phase.first_epoch
        set_trainable(network.module, network.stages, phase.frozen, config.tune, config.batchnorm)
        tail, shape = network.module, (3, size, size)
        if phase.depth and epochs > 1:
            halves = split_network(network.module, network.stages, phase.depth)
            tail, prefix = halves.tail, halves.prefix.eval()
            pictures = random_batches(train + held, CHUNK, shape)
            with torch.no_grad():
                prefix(pictures[0])
                total += timed(lambda: [prefix(batch) for batch in pictures])  # noqa: B023 (called at once)
                shape = tuple(prefix(pictures[0][:1]).shape[1:])
        batches, held_out = random_batches(train, config.batch_size, shape), random_batches(held, EVAL_BATCH, shape)
        labels = [torch.randint(len(images.classes), (len(batch),)) for batch in batches]
        parameters = [parameter for parameter in network.module.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(parameters, 1e-6, fused=True)

        def epoch() -> None:
            tail.train()  # noqa: B023 (called at once)
            train_mode(network.module, network.stages, phase.frozen)  # noqa: B023
            for batch, target in zip(batches, labels, strict=True):  # noqa: B023
                optimizer.zero_grad()  # noqa: B023
                torch.nn.functional.cross_entropy(tail(batch), target).backward()  # noqa: B023
                optimizer.step()  # noqa: B023
            tail.eval()  # noqa: B023
            network.module.eval()
            with torch.no_grad():
                for batch in held_out:  # noqa: B023
                    tail(batch)  # noqa: B023

        epoch()
        total += timed(lambda: [epoch() for _ in range(epochs)])  # noqa: B023
    return {"seconds": total}


KINDS = {"ours": ours, "tutorial": tutorial, "floor": floor}


def folder_of(data: str, room: Path) -> str:
    """Return a target that both loops can read: the digits that scikit-learn ships are written as a folder."""
    if data != "digits":
        return data
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        folder = room / "digits" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 255 / 16).astype("uint8")).save(folder / f"{number:04}.png")
    return str(room / "digits")


def one(kind: str, settings: dict[str, Any]) -> None:
    """Measure in this process and print the result with the process's peak memory, its workers' included."""
    from tlviz import vision
    from tlviz.models.catalogue import find_model

    vision.timm() if find_model(settings["model"]).provider == "timm" else vision.torchvision()
    result = KINDS[kind](settings)
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps(result | {"peak_memory_mb": own, "workers_peak_memory_mb": workers}))


def in_a_process(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Measure in a process of its own with an empty TLVIZ_HOME; ours is started as the app starts its workers."""
    from tlviz.runs.launch import WORKER_SETTINGS

    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, str(Path(__file__)), "--one", kind, "--settings", json.dumps(settings)],
            cwd=ROOT,
            env=(WORKER_SETTINGS if kind != "tutorial" else {}) | os.environ | {"TLVIZ_HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(case: Case, rounds: int, data: str, epochs: int, seeds: int) -> dict[str, Any]:
    """Measure one case: medians over the rounds of the sums over its strategies."""
    seconds: dict[str, list[float]] = {"ours": [], "tutorial": [], "floor": []}
    accuracies: dict[str, list[float]] = {"ours": [], "tutorial": []}
    memory: dict[str, float] = {"ours": 0.0, "tutorial": 0.0}
    gauges_s: list[float] = []
    for number in range(max(rounds, seeds)):
        sums = dict.fromkeys(seconds, 0.0)
        gauged = 0.0
        for strategy in case.strategies:
            settings = settings_of(case.model, strategy, data, epochs, number if seeds > 1 else 0)
            for kind in sums:
                if kind == "floor" and number >= rounds:
                    continue
                result = in_a_process(kind, settings)
                sums[kind] += result["seconds"]
                gauged += result.get("gauges_s", 0.0)
                if kind in memory:
                    memory[kind] = max(memory[kind], result["peak_memory_mb"])
                    accuracies[kind].append(result["accuracy"])
        print(f"{case.name}: " + ", ".join(f"{kind} {value:.1f} s" for kind, value in sums.items()), file=sys.stderr)
        gauges_s.append(gauged)
        for kind, value in sums.items():
            if number < rounds:
                seconds[kind].append(value)
    middle = {kind: statistics.median(values) for kind, values in seconds.items()}
    differences = [a - b for a, b in zip(accuracies["ours"], accuracies["tutorial"], strict=True)]
    return {
        "name": case.name,
        "ours_s": middle["ours"],
        "baseline_s": middle["tutorial"],
        "ratio": middle["tutorial"] / middle["ours"],
        "target": case.target,
        "floor_s": middle["floor"],
        "over_floor": middle["ours"] / middle["floor"],
        "gauges_share": statistics.median(gauges_s) / middle["ours"],
        "ours_accuracy": statistics.mean(accuracies["ours"]),
        "baseline_accuracy": statistics.mean(accuracies["tutorial"]),
        "accuracy_difference_se": statistics.stdev(differences) / len(differences) ** 0.5 if seeds > 1 else None,
        "ours_memory_mb": memory["ours"],
        "baseline_memory_mb": memory["tutorial"],
    }


def machine() -> dict[str, Any]:
    """Describe what the figures were measured on."""
    import torch

    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def chosen_cases(name: str | None) -> Iterator[Case]:
    """Yield the cases whose name begins so; all without a name."""
    found = [case for case in CASES.values() if name is None or case.name.startswith(name)]
    if not found:
        raise SystemExit(f"There is no case called '{name}'; try one of: {', '.join(CASES)}.")
    yield from found


def main() -> None:
    """Measure the chosen cases and print them as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--data", default="clipart")
    parser.add_argument("--seeds", type=int, default=1, help="Split seeds over which accuracies are compared.")
    parser.add_argument("--one", choices=KINDS)
    parser.add_argument("--settings")
    chosen = parser.parse_args()
    if chosen.one:
        one(chosen.one, json.loads(chosen.settings))
        return
    with tempfile.TemporaryDirectory() as room:
        data = folder_of(chosen.data, Path(room))
        cases = [measure(case, chosen.rounds, data, chosen.epochs, chosen.seeds) for case in chosen_cases(chosen.case)]
    print(json.dumps({"machine": machine(), "cases": cases}))


if __name__ == "__main__":
    main()
