"""How fast fine-tuning is beside the tutorial's loop, and how near to its floor: ``python -m tlviz bench``.

Every figure is one process of its own, its clock running from before decoding and after imports, with a TLVIZ_HOME of
its own; ours and the tutorial's take turns.  The floor is the least a run can cost: the frozen stages once over every
picture, what trains forward and backward in every epoch, both on random numbers of the same shapes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
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


def settings_of(
    model: str, strategy: str, data: str, epochs: int, seed: int, labels_per_class: int | None = None
) -> dict[str, Any]:
    """Return a run's settings: the defaults, early stopping off."""
    from tlviz.finetune.config import configure

    chosen = {"image_size": 128, "epochs": epochs, "patience": 1000, "seed": seed, "labels_per_class": labels_per_class}
    return configure(model, data, strategy, **chosen).to_json()


def ours(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the job of the worker, gauges, events and saved weights included."""
    from tlviz.jobs.finetune import execute
    from tlviz.jobs.job import Job
    from tlviz.runs.store.folder import create_run

    begun = time.perf_counter()
    run = create_run("finetune", "bench", settings)
    results = execute(Job(run), settings)
    seconds = time.perf_counter() - begun
    gauges_s = sum(event["duration_s"] for event in run.events() if event["event"] == "gauged")
    epochs = [event for event in run.events() if event["event"] == "epoch"]
    return {
        "seconds": seconds,
        "accuracy": results["best_val_accuracy"],
        "gauges_s": gauges_s,
        "curve": [epoch["val_accuracy"] for epoch in epochs],
        "images_per_s": [epoch["images_per_s"] for epoch in epochs[1:]],
    }


def tutorial(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the tutorial's loop."""
    from tests.bench.tutorial import train_by_tutorial
    from tlviz import vision
    from tlviz.finetune.config import FinetuneConfig

    vision.transforms()
    config = FinetuneConfig.from_json(settings)
    folder = ROOT / "assets" / "datasets" / config.data if config.data in ("photos", "clipart") else Path(config.data)
    begun = time.perf_counter()
    outcome = train_by_tutorial(config, folder, config.geometry)
    return {"seconds": time.perf_counter() - begun} | asdict(outcome)


def floor(settings: dict[str, Any]) -> dict[str, Any]:
    """Time what a run cannot do without."""
    from tests.bench.floor import floor as least

    return least(settings)


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


def measure(case: Case, rounds: int, data: str, epochs: int) -> dict[str, Any]:
    """Measure one case: medians over the rounds of the sums over its strategies."""
    seconds: dict[str, list[float]] = {"ours": [], "tutorial": [], "floor": []}
    accuracies: dict[str, list[float]] = {"ours": [], "tutorial": []}
    memory = {"ours": 0.0, "tutorial": 0.0}
    gauges_s: list[float] = []
    for _ in range(rounds):
        sums = dict.fromkeys(seconds, 0.0)
        gauged = 0.0
        for strategy in case.strategies:
            settings = settings_of(case.model, strategy, data, epochs, 0)
            for kind in sums:
                result = in_a_process(kind, settings)
                sums[kind] += result["seconds"]
                gauged += result.get("gauges_s", 0.0)
                if kind in memory:
                    memory[kind] = max(memory[kind], result["peak_memory_mb"])
                    accuracies[kind].append(result["accuracy"])
        print(f"{case.name}: " + ", ".join(f"{kind} {value:.1f} s" for kind, value in sums.items()), file=sys.stderr)
        gauges_s.append(gauged)
        for kind, value in sums.items():
            seconds[kind].append(value)
    middle = {kind: statistics.median(values) for kind, values in seconds.items()}
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
        "ours_memory_mb": memory["ours"],
        "baseline_memory_mb": memory["tutorial"],
        "memory_fits": memory["ours"] <= memory["tutorial"] + settings["cache_mb"],
        "rounds": rounds,
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
    parser.add_argument("--to", type=Path, help="Also append each case to this file of JSON lines.")
    parser.add_argument("--write", action="store_true", help="Measure nothing; write the table of docs/benchmarks.md.")
    parser.add_argument("--one", choices=KINDS)
    parser.add_argument("--settings")
    chosen = parser.parse_args()
    if chosen.one:
        one(chosen.one, json.loads(chosen.settings))
        return
    if chosen.write:
        from tests.bench.document import read_rows, speed_table, write_between

        write_between("speed", speed_table(read_rows(chosen.to)))
        return
    cases = []
    with tempfile.TemporaryDirectory() as room:
        data = folder_of(chosen.data, Path(room))
        for case in chosen_cases(chosen.case):
            cases.append(measure(case, chosen.rounds, data, chosen.epochs))
            if chosen.to:
                with chosen.to.open("a") as file:
                    file.write(json.dumps(cases[-1]) + "\n")
    print(json.dumps({"machine": machine(), "cases": cases}))


if __name__ == "__main__":
    main()
